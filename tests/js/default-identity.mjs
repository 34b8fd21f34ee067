// Answer, for each environment that comes in as a line of JSON, what both SDKs make of it when they are told nothing.
//
// Each environment should have a home of its own: both SDKs keep the files they have read. With "ask" the answer is
// whose credentials they are, by STS; without, the access key id alone. To be started with tests/frameworks/hook.cjs,
// since v2 knows no AWS_ENDPOINT_URL.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import AWS from "aws-sdk";
import readline from "node:readline";

console.warn = () => {}; // v3 says that there are keys beside a profile
const kept = new Map(["PATH", "TZ"].map((name) => [name, process.env[name]]));

async function byV3({ ask }) {
  const credentials = fromNodeProviderChain({ ignoreCache: true, clientConfig: { region: "eu-west-1" } });
  if (!ask) return { key: (await credentials()).accessKeyId };
  const client = new STSClient({ credentials, region: "eu-west-1", maxAttempts: 1 });
  const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}));
  client.destroy();
  return { account: Account, arn: Arn };
}

async function byV2({ ask }) {
  AWS.util.iniLoader.clearCachedFiles();
  const config = new AWS.Config();
  await new Promise((resolve, reject) => config.getCredentials((error) => (error ? reject(error) : resolve())));
  if (!ask) return { key: config.credentials.accessKeyId };
  const sts = new AWS.STS({ credentials: config.credentials, region: "eu-west-1", maxRetries: 0 });
  const { Account, Arn } = await sts.getCallerIdentity().promise();
  return { account: Account, arn: Arn };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, Object.fromEntries(kept), question.environ);
  const answer = {};
  for (const [name, reader] of [["js-v3", byV3], ["js-v2", byV2]]) {
    try {
      answer[name] = await reader(question);
    } catch (error) {
      answer[name] = { error: String(error.message ?? error) };
    }
  }
  console.log(JSON.stringify(answer));
}
