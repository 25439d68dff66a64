-- Calls that Bedrock answered without a record in S3, and records in S3 without an audit log entry:
-- the latest first.
--
-- A record has its entry by Bedrock's request id, or by the gateway's, which covers a call that was
-- tried more than once or whose id never arrived. An entry counts as a call by its last attempt.
WITH records AS (
  SELECT
    requestid AS request_id,
    min("timestamp") AS called_at,
    min({caller}) AS caller,
    min(modelid) AS model_id,
    min(requestmetadata.gateway_request_id) AS gateway_request_id,
    min("$path") AS file
  FROM invocations
  WHERE datehour BETWEEN {first_hour} AND {last_hour}
    AND "$path" NOT LIKE '%/data/%'
    AND requestid IS NOT NULL
  GROUP BY requestid
),
-- Firehose may write an entry twice.
entries AS (
  SELECT
    audit.gateway_request_id AS gateway_request_id,
    min(replace(substr("timestamp", 1, 19), ' ', 'T') || 'Z') AS called_at,
    min(audit.bedrock_request_id) AS request_id,
    min(coalesce(
      audit.token_issuer || ':' || audit.caller, audit.api_key_name, 'key:' || audit.api_key_id,
      audit.caller_arn, ''
    )) AS caller,
    min(audit.model_id) AS model_id,
    min(CASE WHEN audit.route LIKE '%count%tokens' THEN 0 ELSE audit.upstream_status END) AS status,
    min("$path") AS file
  FROM audit_entries
  WHERE datehour BETWEEN {first_hour} AND {last_hour}
    AND audit.gateway_request_id IS NOT NULL
  GROUP BY audit.gateway_request_id
)
SELECT
  'record' AS missing,
  entries.called_at,
  entries.request_id,
  entries.gateway_request_id,
  entries.caller,
  entries.model_id,
  entries.file
FROM entries
LEFT JOIN records ON records.request_id = entries.request_id
WHERE records.request_id IS NULL
  AND entries.status = 200
  AND entries.called_at >= {since} AND entries.called_at < {until}
UNION ALL
SELECT
  'audit log entry',
  records.called_at,
  records.request_id,
  records.gateway_request_id,
  records.caller,
  records.model_id,
  records.file
FROM records
LEFT JOIN entries AS by_call ON by_call.request_id = records.request_id
LEFT JOIN entries AS by_gateway ON by_gateway.gateway_request_id = records.gateway_request_id
WHERE by_call.request_id IS NULL
  AND by_gateway.gateway_request_id IS NULL
  AND records.called_at >= {since} AND records.called_at < {until}
ORDER BY 2 DESC, 3
