-- One row for each call, the latest first: who, when, which model, how many tokens, what came of it.
SELECT
  min("timestamp") AS called_at,
  requestid AS request_id,
  min({caller}) AS caller,
  min(modelid) AS model_id,
  min(operation) AS operation,
  min(coalesce(inferenceregion, region)) AS answered_in,
  min(errorcode) AS error,
  min("input".inputtokencount) AS input_tokens,
  min("output".outputtokencount) AS output_tokens,
  min("$path") AS file
FROM invocations
WHERE datehour BETWEEN {first_hour} AND {last_hour}
  AND "$path" NOT LIKE '%/data/%'
  AND "timestamp" >= {since} AND "timestamp" < {until}
GROUP BY requestid
ORDER BY 1 DESC, 2
