// As an application would use it: nothing but a connection string. Prints each call and its answer, one JSON array a line.
import { SmsClient } from "@azure/communication-sms";

const [sender, ...calls] = process.argv.slice(2);
const client = new SmsClient(process.env.CONNECTION_STRING);

for (const call of calls) {
  const [operation, recipients] = call.split("=");
  try {
    const answer = await client.optOuts[operation](sender, recipients.split(","));
    console.log(JSON.stringify([call, answer]));
  } catch (error) {
    console.log(JSON.stringify([call, { name: error.name, status: error.statusCode, body: error.response?.bodyAsText }]));
  }
}
