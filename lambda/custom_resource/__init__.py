"""CloudFormation's custom resource protocol, for each function that speaks it."""
