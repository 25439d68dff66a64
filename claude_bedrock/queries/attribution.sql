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
-- Of two entries of one id that say the same caller and request, the last counts. One that says another
-- is of another call, of which this id tells nothing; the id is of the one that the record is of.
repeated AS (
  SELECT request_id
  FROM calls
  WHERE request_id <> ''
  GROUP BY request_id
  HAVING count(*) > 1
),
deliveries AS (
  SELECT
    calls.seq,
    row_number() OVER (PARTITION BY calls.request_id, calls.caller ORDER BY calls.seq DESC) AS turn,
    row_number() OVER (
      PARTITION BY calls.request_id
      ORDER BY CASE WHEN calls.caller = records.caller THEN 0 ELSE 1 END, calls.seq DESC
    ) AS place
  FROM calls
  JOIN repeated ON repeated.request_id = calls.request_id
  LEFT JOIN copies ON copies.request_id = calls.request_id
  LEFT JOIN records ON records.seq = copies.first_seq
),
-- A call whose id never arrived is good for one record of a role of the gateway's that says the same.
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
    CASE
      WHEN deliveries.place > 1 THEN ''
      ELSE coalesce(claimed.request_id, calls.request_id)
    END AS request_id,
    calls.happened_at,
    calls.model_id,
    calls.expected,
    calls.completed,
    calls.caller
  FROM calls
  LEFT JOIN claimed ON claimed.seq = calls.seq
  LEFT JOIN deliveries ON deliveries.seq = calls.seq
  WHERE calls.expected <> 'without_bedrock' AND coalesce(deliveries.turn, 1) = 1
)
