// Print what both SDKs read in the shared files: every profile's region and access key id, by name.
import { loadSharedConfigFiles } from "@smithy/shared-ini-file-loader";
import AWS from "aws-sdk";

const picked = ({ region, aws_access_key_id }) => ({ region: region ?? null, key: aws_access_key_id ?? null });

const { configFile, credentialsFile } = await loadSharedConfigFiles();
const v3 = {};
for (const name of new Set([...Object.keys(configFile), ...Object.keys(credentialsFile)])) {
  v3[name] = picked({ ...configFile[name], ...credentialsFile[name] });
}

const v2 = {};
const profiles = AWS.util.getProfilesFromSharedConfig(new AWS.IniLoader());
for (const name of Object.keys(profiles)) {
  const credentials = new AWS.SharedIniFileCredentials({ profile: name });
  v2[name] = { region: profiles[name].region ?? null, key: credentials.accessKeyId ?? null };
}

console.log(JSON.stringify({ v3, v2 }));
