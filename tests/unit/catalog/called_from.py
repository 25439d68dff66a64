"""A Region from which a profile of each route can be called."""

CALLED_FROM = {
    "global": "us-east-1",
    "us": "us-east-1",
    "eu": "eu-west-1",
    "jp": "ap-northeast-1",
    "au": "ap-southeast-2",
    "apac": "ap-south-1",
}
