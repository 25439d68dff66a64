"""What several commands use: options, the deployment, the endpoint, output."""
