-- Each call that an entry, a record or both are of, of the window or not; a record that cannot be read
-- is one too. `expected` is NULL where no entry was read.
WITH {attribution},
recorded AS (
  SELECT request_id FROM records
  UNION
  SELECT request_id FROM unreadable WHERE request_id <> '' AND destination >= 0
),
-- The record that says whose a call without an entry was: of another than an allowed direct caller.
speaking AS (
  SELECT
    records.request_id,
    coalesce(min(CASE WHEN NOT identities.is_direct THEN records.seq END), min(records.seq)) AS seq
  FROM records
  JOIN identities ON identities.identity = records.identity
  WHERE NOT EXISTS (SELECT 1 FROM attributed WHERE attributed.request_id = records.request_id)
  GROUP BY records.request_id
)
SELECT
  attributed.request_id,
  attributed.happened_at,
  attributed.model_id,
  calls.who,
  attributed.expected,
  recorded.request_id IS NOT NULL AS has_record,
  attributed.caller
FROM attributed
JOIN calls ON calls.seq = attributed.seq
LEFT JOIN recorded ON recorded.request_id = attributed.request_id
UNION ALL
SELECT
  recorded.request_id,
  coalesce(records.happened_at, 0),
  coalesce(records.model_id, ''),
  coalesce(records.identity, ''),
  NULL,
  true,
  ''
FROM recorded
LEFT JOIN attributed ON attributed.request_id = recorded.request_id
LEFT JOIN speaking ON speaking.request_id = recorded.request_id
LEFT JOIN records ON records.seq = speaking.seq
WHERE attributed.request_id IS NULL
