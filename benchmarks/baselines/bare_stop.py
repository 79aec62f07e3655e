"""The bare handler with the calls that a first STOP cannot do without: recorded, answered, put on the list."""

import json

import boto3

dynamodb = boto3.client("dynamodb")
sms_voice = boto3.client("pinpoint-sms-voice-v2")


def handler(event, context):
    for record in event["Records"]:
        text = json.loads(json.loads(record["body"])["Message"])
        if text["messageBody"].strip().upper() == "STOP":
            number = text["originationNumber"]
            dynamodb.put_item(TableName="ledger", Item={"pk": {"S": number}, "sk": {"S": "OPTED_OUT"}})
            sms_voice.send_text_message(
                DestinationPhoneNumber=number,
                OriginationIdentity=text["destinationNumber"],
                MessageBody="You are unsubscribed and will get no more messages.",
            )
            sms_voice.put_opted_out_number(OptOutListName="Default", OptedOutNumber=number)
    return {"batchItemFailures": []}
