"""Parts that several commands share: options, the deployment, the endpoint, output."""
