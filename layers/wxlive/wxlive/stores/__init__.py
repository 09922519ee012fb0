"""The records' stores: the only place that speaks DynamoDB, Secrets Manager and SQS."""
