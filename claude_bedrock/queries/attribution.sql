-- The records of each id, and the call of each entry under the id of its record.
copies AS (
  SELECT
    request_id,
    min(seq) AS first_seq,
    CASE
      WHEN count(*) = 2 AND min(destination) < max(destination) THEN min(content) = max(content)
      ELSE false
    END AS is_pair
  FROM records
  GROUP BY request_id
),
-- Of two entries of one id the last counts.
repeated AS (
  SELECT request_id, max(seq) AS last_seq
  FROM calls
  WHERE request_id <> ''
  GROUP BY request_id
  HAVING count(*) > 1
),
-- A call whose id never arrived is good for one record of the gateway's own role that says the same.
waiting AS (
  SELECT seq, caller, row_number() OVER (PARTITION BY caller ORDER BY seq) AS turn
  FROM calls
  WHERE request_id = '' AND expected <> 'without_bedrock'
),
claims AS (
  SELECT
    records.request_id,
    records.caller,
    row_number() OVER (PARTITION BY records.caller ORDER BY records.seq) AS turn
  FROM records
  JOIN copies ON copies.first_seq = records.seq
  JOIN identities ON identities.identity = records.identity AND identities.is_gateway
  WHERE records.caller IN (SELECT caller FROM waiting)
    AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.request_id = records.request_id)
),
claimed AS (
  SELECT waiting.seq, claims.request_id
  FROM waiting
  JOIN claims ON claims.caller = waiting.caller AND claims.turn = waiting.turn
),
attributed AS (
  SELECT
    calls.seq,
    coalesce(claimed.request_id, calls.request_id) AS request_id,
    calls.happened_at,
    calls.model_id,
    calls.expected,
    calls.completed,
    calls.caller
  FROM calls
  LEFT JOIN claimed ON claimed.seq = calls.seq
  LEFT JOIN repeated ON repeated.request_id = calls.request_id
  WHERE calls.expected <> 'without_bedrock'
    AND (repeated.last_seq IS NULL OR repeated.last_seq = calls.seq)
)
