// For many pairs of shared files, each in an environment of its own: what both SDKs read of one profile, or, where the
// case asks for that, the access key that they would use with no profile named in code.
// Cases come as JSON on stdin: [{name, environ, profile, ask: "read" or "key", v2: whether v2 is asked too}].
import { readFileSync } from "node:fs";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { loadSharedConfigFiles } from "@smithy/shared-ini-file-loader";
import AWS from "aws-sdk";

const outcome = async (work) => {
  try {
    return { value: (await work()) ?? null };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
};

const byV3 = async (profile) => {
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const found = { ...configFile[profile], ...credentialsFile[profile] };
  return Object.keys(found).length ? found : null;
};

const byV2 = async (profile) => ({ ...AWS.util.getProfilesFromSharedConfig(new AWS.IniLoader())[profile] });

const keyOfV3 = async () => (await fromNodeProviderChain({ maxRetries: 0, timeout: 100 })()).accessKeyId;

const keyOfV2 = async () => {
  const links = [
    () => new AWS.EnvironmentCredentials("AWS"),
    () => new AWS.SharedIniFileCredentials({ disableAssumeRole: false }),
    () => new AWS.ProcessCredentials(),
  ];
  AWS.util.iniLoader.clearCachedFiles();
  return (await new AWS.CredentialProviderChain(links).resolvePromise()).accessKeyId;
};

const found = {};
for (const { name, environ, profile, ask, v2 } of JSON.parse(readFileSync(0, "utf8"))) {
  const kept = { ...process.env };
  for (const [variable, value] of Object.entries(environ)) process.env[variable] = value;
  found[name] = {
    v3: await outcome(() => (ask === "read" ? byV3(profile) : keyOfV3())),
    v2: v2 ? await outcome(() => (ask === "read" ? byV2(profile) : keyOfV2())) : null,
  };
  for (const variable of Object.keys(environ)) {
    if (variable in kept) process.env[variable] = kept[variable];
    else delete process.env[variable];
  }
}
console.log(JSON.stringify(found));
