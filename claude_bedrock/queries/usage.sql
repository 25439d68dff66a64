-- Calls and tokens by day, caller, team, model and Region. A record that was written twice counts once;
-- lines that are no record are counted apart, and the first of their files is named. Of two records of
-- one id that differ the higher counts count: `claude-bedrock verify` names them.
-- `above_tokens`: the length of prompt that the call exceeded and from which a model may be dearer,
-- or 0. `principal`: the role or user that called, without the session's name.
WITH records AS (
  SELECT
    CASE WHEN "timestamp" IS NOT NULL THEN requestid END AS request_id,
    substr("timestamp", 1, 10) AS day,
    {caller} AS caller,
    coalesce(requestmetadata.team, '') AS team,
    modelid AS model_id,
    coalesce(inferenceregion, region) AS answered_in,
    CASE WHEN errorcode IS NULL THEN 0 ELSE 1 END AS failed,
    "input".inputtokencount AS input_tokens,
    "output".outputtokencount AS output_tokens,
    "input".cachereadinputtokencount AS cache_read_tokens,
    "input".cachewriteinputtokencount AS cache_write_tokens,
    CASE WHEN requestid IS NULL OR "timestamp" IS NULL THEN "$path" END AS unreadable_in,
    split_part("identity".arn, '/', 1) || '/' || split_part("identity".arn, '/', 2) AS principal
  FROM invocations
  WHERE datehour BETWEEN {first_hour} AND {last_hour}
    AND "$path" NOT LIKE '%/data/%'
    AND (
      "timestamp" >= {since} AND "timestamp" < {until}
      OR requestid IS NULL
      OR "timestamp" IS NULL
    )
),
calls AS (
  SELECT
    request_id,
    min(day) AS day,
    min(caller) AS caller,
    min(team) AS team,
    min(model_id) AS model_id,
    min(answered_in) AS answered_in,
    min(failed) AS failed,
    max(input_tokens) AS input_tokens,
    max(output_tokens) AS output_tokens,
    coalesce(max(cache_read_tokens), 0) AS cache_read_tokens,
    coalesce(max(cache_write_tokens), 0) AS cache_write_tokens,
    sum(CASE WHEN request_id IS NULL THEN 1 ELSE 0 END) AS unreadable,
    min(unreadable_in) AS unreadable_in,
    min(principal) AS principal
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
  team,
  model_id,
  answered_in,
  {above_tokens} AS above_tokens,
  count(request_id) AS calls,
  sum(CASE WHEN request_id IS NULL THEN 0 ELSE failed END) AS failed,
  sum(
    CASE
      WHEN request_id IS NULL OR failed = 1 THEN 0
      WHEN input_tokens IS NULL OR output_tokens IS NULL THEN 1
      ELSE 0
    END
  ) AS uncounted,
  coalesce(sum(input_tokens), 0) AS input_tokens,
  coalesce(sum(output_tokens), 0) AS output_tokens,
  coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,
  coalesce(sum(cache_write_tokens), 0) AS cache_write_tokens,
  sum(unreadable) AS unreadable,
  min(unreadable_in) AS unreadable_in,
  principal
FROM measured
GROUP BY 1, 2, 3, 4, 5, 6, 16
ORDER BY 1, 2, 3, 4, 5, 6, 16
