"""The endpoint for the deployed canary, since the URL of AWS leads nowhere here."""

from pathlib import Path

from local.aws.client import Aws


def point_canary_at(aws: Aws, function_name: str, *, url: str, ca_bundle: str) -> None:
    """Set variables of the function; blocks. OpenSSL reads whom to trust from SSL_CERT_FILE:
    https://docs.openssl.org/3.0/man3/SSL_CTX_load_verify_locations/"""
    client = aws.client("lambda")
    configuration = client.get_function_configuration(FunctionName=function_name)
    trusted = str(Path(ca_bundle).resolve())
    variables = {
        **configuration["Environment"]["Variables"],
        "ENDPOINT_URL": url,
        "SSL_CERT_FILE": trusted,
    }
    client.update_function_configuration(
        FunctionName=function_name, Environment={"Variables": variables}
    )
