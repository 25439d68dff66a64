"""The environment of a function's process: the command it is started by and its variables.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

import os
import sys
from collections.abc import Mapping

from local.aws.role_sessions import Credentials
from local.lambda_service.function import Function

_MANAGED_RUNTIME = "/var/runtime/bootstrap.py"


def command(function: Function) -> tuple[str, str, str]:
    """Return the wrapper script, as Lambda calls it: with the interpreter and the interpreter's
    arguments.

    The interpreter is not the virtual environment's: a function has only what its zip brings.
    """
    base: str = getattr(sys, "_base_executable", sys.executable)
    return str(function.wrapper()), base, _MANAGED_RUNTIME


def variables(
    function: Function, credentials: Credentials, log_stream: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """Return the function's own variables, Lambda's, and `extra`, which local mode adds."""
    region = function.arn.split(":")[3]
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONDONTWRITEBYTECODE": "1",  # on Lambda the code lies on a read-only disk
        "PYTHONNOUSERSITE": "1",
        **function.variables,
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": str(function.root),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        **extra,
    }
