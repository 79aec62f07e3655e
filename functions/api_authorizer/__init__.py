"""AccessKeyAuthorizerFunction: whose access key signed a request."""
