// Print the account and ARN that the SDK reaches through fromIni for the profile named on the command line.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromIni } from "@aws-sdk/credential-providers";

const client = new STSClient({ credentials: fromIni({ profile: process.argv[2] }), region: "eu-west-1" });
const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}));
console.log(JSON.stringify({ Account, Arn }));
