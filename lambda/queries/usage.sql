-- Calls and tokens by day, caller and model. A record that was written twice counts once; a line
-- that is no record has no day, and its file is named. `above_tokens`: the length of prompt that
-- the call exceeded and from which a model may be dearer, or 0.
WITH records AS (
  SELECT
    requestid AS request_id,
    substr("timestamp", 1, 10) AS day,
    coalesce(
      nullif(requestmetadata.api_key_name, ''),
      nullif(requestmetadata.caller_arn, ''),
      "identity".arn,
      ''
    ) AS caller,
    modelid AS model_id,
    CASE WHEN errorcode IS NULL THEN 0 ELSE 1 END AS failed,
    "input".inputtokencount AS input_tokens,
    "output".outputtokencount AS output_tokens,
    "input".cachereadinputtokencount AS cache_read_tokens,
    "input".cachewriteinputtokencount AS cache_write_tokens,
    CASE WHEN requestid IS NULL THEN "$path" END AS unreadable
  FROM invocations
  WHERE datehour BETWEEN {first_hour} AND {last_hour}
    AND "$path" NOT LIKE '%/data/%'
    AND ("timestamp" >= {since} AND "timestamp" < {until} OR requestid IS NULL)
),
calls AS (
  SELECT
    request_id,
    min(day) AS day,
    min(caller) AS caller,
    min(model_id) AS model_id,
    min(failed) AS failed,
    min(input_tokens) AS input_tokens,
    min(output_tokens) AS output_tokens,
    coalesce(min(cache_read_tokens), 0) AS cache_read_tokens,
    coalesce(min(cache_write_tokens), 0) AS cache_write_tokens,
    min(unreadable) AS unreadable
  FROM records
  GROUP BY request_id
),
measured AS (
  SELECT
    *,
    coalesce(input_tokens, 0) + cache_read_tokens + cache_write_tokens AS prompt_tokens
  FROM calls
)
SELECT
  CASE WHEN request_id IS NOT NULL THEN day END AS day,
  caller,
  model_id,
  {above_tokens} AS above_tokens,
  count(*) AS calls,
  sum(failed) AS failed,
  sum(CASE WHEN failed = 0 AND (input_tokens IS NULL OR output_tokens IS NULL) THEN 1 ELSE 0 END)
    AS uncounted,
  coalesce(sum(input_tokens), 0) AS input_tokens,
  coalesce(sum(output_tokens), 0) AS output_tokens,
  coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,
  coalesce(sum(cache_write_tokens), 0) AS cache_write_tokens,
  min(unreadable) AS unreadable
FROM measured
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
