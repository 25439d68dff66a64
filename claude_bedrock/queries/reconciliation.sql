-- Every call of the gateway beside Bedrock's records of it: the findings, and the counts.
--
-- `calls`, `records` and the tables beside them are those of claude_bedrock/queries/reconciliation_tables.py, times
-- in seconds since 1970. A row of the result is a finding, a count (`number`), the allowed direct
-- calls of one principal, or the path of a body that has to be read first (`unread_body`).
--
-- Most calls are ordinary: both destinations have one record of it, both say the same, and it says
-- what the audit entry says. Those are counted, and only the others meet all the rules.
WITH {attribution},
first_records AS (
  SELECT
    records.seq,
    records.request_id,
    records.happened_at,
    records.model_id,
    records.caller,
    copies.is_pair
      AND identities.is_gateway
      AND regions.is_allowed
      AND (models.regions = '' OR strpos(models.regions, ' ' || records.answered_in || ' ') > 0)
      AND NOT records.failed
      AND records.session_fault = ''
      AND records.input_path = '' AND records.input_token <> ''
      AND records.output_path = '' AND records.output_token <> '' AS is_plain
  FROM records
  JOIN copies ON copies.first_seq = records.seq
  JOIN identities ON identities.identity = records.identity
  JOIN regions ON regions.region = records.answered_in
  JOIN models ON models.model_id = records.model_id
),
beside AS (
  SELECT
    attributed.seq AS call_seq,
    attributed.request_id AS call_id,
    first_records.seq AS first_seq,
    first_records.request_id AS record_id,
    coalesce(
      first_records.is_plain
        AND attributed.expected = 'record'
        AND attributed.caller = first_records.caller
        AND attributed.model_id = first_records.model_id,
      false
    ) AS is_ordinary
  FROM attributed
  FULL OUTER JOIN first_records ON first_records.request_id = attributed.request_id
  WHERE coalesce(attributed.happened_at, first_records.happened_at) >= {since}
    AND coalesce(attributed.happened_at, first_records.happened_at) < {until}
),
counted AS (
  SELECT
    is_ordinary,
    CASE WHEN is_ordinary THEN NULL ELSE call_seq END AS call_seq,
    CASE WHEN is_ordinary THEN NULL ELSE call_id END AS call_id,
    CASE WHEN is_ordinary THEN NULL ELSE record_id END AS record_id,
    count(*) AS number
  FROM beside
  GROUP BY 1, 2, 3, 4
),
subjects AS (
  SELECT
    counted.call_seq,
    counted.record_id,
    calls.happened_at AS call_at,
    calls.model_id AS called_model,
    calls.expected,
    calls.completed,
    calls.profile_arn,
    calls.caller AS called_by,
    calls.who,
    CASE
      WHEN calls.seq IS NOT NULL AND counted.call_id = ''
        THEN 'gateway request ' || split_part(calls.caller, chr(31), 1)
      ELSE ''
    END AS source,
    coalesce(counted.call_id, counted.record_id) AS request_id
  FROM counted
  LEFT JOIN calls ON calls.seq = counted.call_seq
  WHERE NOT counted.is_ordinary
),
stored AS (
  SELECT path, min(size) AS size, min(etag) AS etag, min(checksum) AS checksum
  FROM objects
  GROUP BY path
),
-- All records of a subject: `turn` 1 is the first of its destination, the others are repeats of it.
judged AS (
  SELECT
    records.*,
    subjects.call_seq,
    subjects.called_model,
    subjects.profile_arn,
    subjects.called_by,
    subjects.expected,
    coalesce(subjects.expected, '') = 'record' AS is_due,
    subjects.completed AND subjects.expected = 'record' AS is_completion_due,
    coalesce(subjects.call_at, records.happened_at) AS about_at,
    coalesce(subjects.called_model, records.model_id) AS about_model,
    coalesce(subjects.who, records.identity) AS about_who,
    coalesce(subjects.call_at, records.happened_at) >= {settled} AS is_young,
    identities.is_gateway,
    identities.principal,
    subjects.call_seq IS NULL AND identities.is_direct AS is_direct,
    row_number() OVER (PARTITION BY records.request_id ORDER BY records.seq) AS place,
    row_number() OVER (
      PARTITION BY records.request_id, records.destination ORDER BY records.seq
    ) AS turn,
    CASE records.destination WHEN 0 THEN 'S3' ELSE 'CloudWatch Logs' END AS destination_name,
    records.input_path <> '' AND input_object.path IS NULL AS lacks_input,
    records.output_path <> '' AND output_object.path IS NULL AS lacks_output,
    input_object.size AS input_size,
    input_object.etag AS input_etag,
    input_object.checksum AS input_checksum,
    output_object.size AS output_size,
    output_object.etag AS output_etag,
    output_object.checksum AS output_checksum
  FROM subjects
  JOIN records ON records.request_id = subjects.record_id
  JOIN identities ON identities.identity = records.identity
  LEFT JOIN stored AS input_object ON input_object.path = records.input_path
  LEFT JOIN stored AS output_object ON output_object.path = records.output_path
),
bodies_of AS (
  SELECT
    *,
    CASE
      WHEN failed AND NOT is_due THEN ''
      WHEN input_token = '' THEN 'no prompt'
      WHEN lacks_input AND is_young THEN 'young'
      WHEN lacks_input THEN 'the object of the prompt is not there'
      ELSE ''
    END AS prompt_fault,
    CASE
      WHEN NOT coalesce(is_completion_due, false) THEN ''
      WHEN output_token = '' THEN 'no completion'
      WHEN lacks_output AND is_young THEN 'young'
      WHEN lacks_output THEN 'the object of the completion is not there'
      ELSE ''
    END AS completion_fault
  FROM judged
  WHERE turn = 1 AND NOT is_direct
),
missing_bodies AS (
  SELECT
    bodies_of.*,
    CASE WHEN prompt_fault IN ('', 'young') THEN completion_fault ELSE prompt_fault END AS fault
  FROM bodies_of
  WHERE prompt_fault NOT IN ('', 'young') OR completion_fault NOT IN ('', 'young')
),
young_bodies AS (
  SELECT DISTINCT request_id
  FROM bodies_of
  WHERE prompt_fault = 'young' OR (prompt_fault = '' AND completion_fault = 'young')
),
-- Each further record of a subject beside the first one.
compared AS (
  SELECT
    other.*,
    other.digest <> first_one.digest AS fields_differ,
    other.input_token <> first_one.input_token
      OR (
        other.input_path <> '' AND first_one.input_path <> ''
        AND other.input_path <> first_one.input_path
      ) AS input_differs,
    other.output_token <> first_one.output_token
      OR (
        other.output_path <> '' AND first_one.output_path <> ''
        AND other.output_path <> first_one.output_path
      ) AS output_differs,
    -- What is missing, and is reported as that, is no difference too.
    other.lacks_input OR first_one.lacks_input
      OR (
        missing_id.request_id IS NOT NULL
        AND (other.input_token = '' OR first_one.input_token = '')
      )
      OR coalesce(
        other.input_path <> first_one.input_path
          AND other.input_size = first_one.input_size
          AND (
            other.input_etag = first_one.input_etag
            OR (
              other.input_checksum <> ''
              AND other.input_checksum = first_one.input_checksum
            )
          ),
        false
      ) AS is_same_input,
    other.lacks_output OR first_one.lacks_output
      OR (
        missing_id.request_id IS NOT NULL
        AND (other.output_token = '' OR first_one.output_token = '')
      )
      OR coalesce(
        other.output_path <> first_one.output_path
          AND other.output_size = first_one.output_size
          AND (
            other.output_etag = first_one.output_etag
            OR (
              other.output_checksum <> ''
              AND other.output_checksum = first_one.output_checksum
            )
          ),
        false
      ) AS is_same_output,
    first_one.input_token AS first_input_token,
    first_one.input_path AS first_input_path,
    first_one.output_token AS first_output_token,
    first_one.output_path AS first_output_path
  FROM judged AS other
  JOIN judged AS first_one
    ON first_one.request_id = other.request_id AND first_one.place = 1
  LEFT JOIN (SELECT DISTINCT request_id FROM missing_bodies) AS missing_id
    ON missing_id.request_id = other.request_id
  WHERE other.place > 1
),
open_bodies AS (
  SELECT
    seq,
    'the prompt' AS part,
    input_token AS token,
    input_path AS path,
    first_input_token AS first_token,
    first_input_path AS first_path
  FROM compared
  WHERE input_differs AND NOT is_same_input
  UNION ALL
  SELECT seq, 'the completion', output_token, output_path, first_output_token, first_output_path
  FROM compared
  WHERE output_differs AND NOT is_same_output
),
read_bodies AS (
  SELECT
    open_bodies.*,
    (open_bodies.path <> '' AND this_body.path IS NULL) AS is_unread,
    (open_bodies.first_path <> '' AND first_body.path IS NULL) AS is_first_unread,
    CASE WHEN open_bodies.path = '' THEN open_bodies.token ELSE this_body.digest END AS digest,
    CASE WHEN open_bodies.first_path = '' THEN open_bodies.first_token ELSE first_body.digest END
      AS first_digest
  FROM open_bodies
  LEFT JOIN bodies AS this_body ON this_body.path = open_bodies.path
  LEFT JOIN bodies AS first_body ON first_body.path = open_bodies.first_path
),
different_bodies AS (
  SELECT seq, part
  FROM read_bodies
  WHERE coalesce(digest, '') = '' OR coalesce(first_digest, '') = '' OR digest <> first_digest
),
differing AS (
  SELECT
    compared.*,
    CASE WHEN compared.fields_differ THEN 'the fields beside the bodies' END AS fields_part,
    prompts.part AS prompt_part,
    completions.part AS completion_part
  FROM compared
  LEFT JOIN different_bodies AS prompts
    ON prompts.seq = compared.seq AND prompts.part = 'the prompt'
  LEFT JOIN different_bodies AS completions
    ON completions.seq = compared.seq AND completions.part = 'the completion'
),
presence AS (
  SELECT
    request_id,
    min(destination) AS lowest,
    max(destination) AS highest,
    max(CASE WHEN turn = 1 AND NOT is_direct AND failed THEN 1 ELSE 0 END) AS has_failed,
    min(CASE WHEN NOT is_direct THEN seq END) AS stranger_seq
  FROM judged
  GROUP BY request_id
),
unread AS (
  SELECT
    unreadable.*,
    coalesce(attributed.happened_at, unreadable.happened_at) AS about_at,
    coalesce(attributed.model_id, '') AS about_model,
    coalesce(calls.who, '') AS about_who
  FROM unreadable
  LEFT JOIN attributed
    ON attributed.request_id = unreadable.request_id AND unreadable.request_id <> ''
  LEFT JOIN calls ON calls.seq = attributed.seq
  WHERE CASE
      WHEN attributed.seq IS NULL THEN unreadable.happened_at >= {since} AND unreadable.earliest < {until}
      ELSE attributed.happened_at >= {since} AND attributed.happened_at < {until}
    END
),
unread_records AS (
  SELECT request_id, min(destination) AS lowest, max(destination) AS highest
  FROM unreadable
  WHERE request_id <> '' AND destination >= 0
  GROUP BY request_id
),
fates AS (
  SELECT
    subjects.*,
    CASE
      WHEN presence.request_id IS NULL THEN 'no record in S3 nor in CloudWatch Logs'
      WHEN presence.lowest = 1 THEN 'no record in S3'
      WHEN presence.highest = 0 THEN 'no record in CloudWatch Logs'
      ELSE ''
    END AS gap,
    CASE
      WHEN presence.lowest < presence.highest
        THEN CASE WHEN young_bodies.request_id IS NULL THEN 'matched' ELSE 'pending' END
      WHEN subjects.expected = 'refused' AND {has_gateway} AND coalesce(presence.has_failed, 1) = 1
        THEN 'refused'
      WHEN subjects.expected = 'none' THEN 'not_loggable'
      WHEN subjects.expected = 'unknown' AND coalesce(presence.has_failed, 1) = 1 THEN 'unknown'
      WHEN subjects.call_at >= {settled} THEN 'pending'
      WHEN (presence.lowest = 0 OR unread_records.lowest = 0)
        AND (presence.highest = 1 OR unread_records.highest = 1) THEN 'unknown'
      ELSE 'not_logged'
    END AS fate,
    presence.stranger_seq
  FROM subjects
  LEFT JOIN presence ON presence.request_id = subjects.record_id
  LEFT JOIN young_bodies ON young_bodies.request_id = subjects.record_id
  LEFT JOIN unread_records ON unread_records.request_id = subjects.request_id
),
strangers AS (
  SELECT
    CASE
      WHEN records.happened_at >= {settled} THEN 'records_pending'
      WHEN identities.is_gateway THEN 'audit_entries_lost'
      ELSE 'unmatched_records'
    END AS fate,
    records.request_id,
    records.happened_at,
    records.model_id,
    records.identity,
    records.caller,
    fates.gap
  FROM fates
  JOIN records ON records.seq = fates.stranger_seq
  JOIN identities ON identities.identity = records.identity
  WHERE fates.call_seq IS NULL
),
matches AS (
  SELECT
    bodies_of.*,
    strpos(bodies_of.model_id, ':application-inference-profile/') > 0 AS is_profile,
    called.tail AS called_tail,
    called.name AS called_name,
    recorded.tail AS recorded_tail,
    recorded.base_name AS recorded_name
  FROM bodies_of
  JOIN models AS called ON called.model_id = bodies_of.called_model
  JOIN models AS recorded ON recorded.model_id = bodies_of.model_id
),
findings AS (
  SELECT
    'missing_record' AS kind, request_id, call_at AS happened_at, called_model AS model_id, who, source,
    gap AS detail, '' AS called_by, '' AS caller, call_seq AS seq
  FROM fates
  WHERE call_seq IS NOT NULL AND fate = 'not_logged'
  UNION ALL
  SELECT
    CASE fate WHEN 'audit_entries_lost' THEN 'audit_entry_lost' ELSE 'bypassed_gateway' END,
    request_id, happened_at, model_id, identity, '', gap, '', caller, 0
  FROM strangers
  WHERE fate <> 'records_pending'
  UNION ALL
  SELECT
    'body_missing', request_id, about_at, about_model, about_who, '',
    fault || ', by the record in ' || destination_name, '', '', seq
  FROM missing_bodies
  UNION ALL
  SELECT
    'caller_mismatch', request_id, about_at, about_model, about_who, '', '', called_by, caller, seq
  FROM bodies_of
  WHERE called_by <> caller AND NOT (expected <> 'record' AND failed AND NOT has_metadata)
    AND {has_gateway}
  UNION ALL
  SELECT
    'model_mismatch', request_id, about_at, about_model, about_who, '',
    'the gateway called ' || called_model || ', the record has ' || model_id, '', '', seq
  FROM matches
  WHERE {has_gateway} AND CASE
      WHEN is_profile THEN profile_arn IS NOT NULL AND profile_arn <> model_id
      ELSE called_tail <> recorded_tail AND (called_name = '' OR called_name <> recorded_name)
    END
  UNION ALL
  SELECT
    'identity_mismatch', request_id, about_at, about_model, about_who, '',
    'the record is of ' || CASE identity WHEN '' THEN 'nobody' ELSE identity END
      || ', not of the gateway''s role', '', '', seq
  FROM bodies_of
  WHERE call_seq IS NOT NULL AND NOT is_gateway AND {has_gateway}
  UNION ALL
  SELECT
    'session_mismatch', request_id, about_at, about_model, about_who, '', session_fault, '', '', seq
  FROM bodies_of
  WHERE session_fault <> ''
  UNION ALL
  SELECT
    'data_residency_violation', bodies_of.request_id, bodies_of.about_at, bodies_of.about_model,
    bodies_of.about_who, '', 'answered in ' || bodies_of.answered_in, '', '', bodies_of.seq
  FROM bodies_of
  JOIN models ON models.model_id = bodies_of.about_model
  JOIN regions ON regions.region = bodies_of.answered_in
  WHERE NOT regions.is_allowed
    OR (models.regions <> '' AND strpos(models.regions, ' ' || bodies_of.answered_in || ' ') = 0)
  UNION ALL
  SELECT
    'content_mismatch', request_id, about_at, about_model, about_who, '',
    CASE WHEN turn > 1 THEN 'two records in ' || destination_name ELSE 'S3 and CloudWatch Logs' END
      || ' differ in '
      || coalesce(fields_part, '')
      || CASE WHEN fields_part IS NOT NULL AND prompt_part IS NOT NULL THEN ', ' ELSE '' END
      || coalesce(prompt_part, '')
      || CASE
        WHEN coalesce(fields_part, prompt_part) IS NOT NULL AND completion_part IS NOT NULL
          THEN ', '
        ELSE ''
      END
      || coalesce(completion_part, ''),
    '', '', seq
  FROM differing
  WHERE coalesce(fields_part, prompt_part, completion_part) IS NOT NULL
  UNION ALL
  SELECT
    'unreadable_record', request_id, about_at, about_model, about_who, source,
    'the ' || CASE destination
        WHEN 0 THEN 'record in S3'
        WHEN 1 THEN 'record in CloudWatch Logs'
        ELSE 'audit entry'
      END || ' cannot be read: ' || fault, '', '', seq
  FROM unread
),
counts AS (
  SELECT 'calls' AS name, coalesce(sum(number), 0) AS number
  FROM counted
  WHERE is_ordinary OR call_seq IS NOT NULL
  UNION ALL
  SELECT 'records', coalesce(sum(number), 0)
  FROM counted
  WHERE is_ordinary OR record_id IS NOT NULL
  UNION ALL
  SELECT 'matched', coalesce(sum(number), 0)
  FROM counted
  WHERE is_ordinary
  UNION ALL
  SELECT fate, count(*)
  FROM fates
  WHERE call_seq IS NOT NULL
  GROUP BY fate
  UNION ALL
  SELECT fate, count(*)
  FROM strangers
  GROUP BY fate
  UNION ALL
  SELECT 'answered_without_bedrock', count(*)
  FROM calls
  WHERE expected = 'without_bedrock' AND happened_at >= {since} AND happened_at < {until}
  UNION ALL
  SELECT 'duplicates', count(*)
  FROM differing
  WHERE turn > 1 AND coalesce(fields_part, prompt_part, completion_part) IS NULL
  UNION ALL
  SELECT 'unreadable', count(*)
  FROM unread
)
SELECT
  kind, request_id, happened_at, model_id, who, source, detail, called_by, caller, seq, 1 AS number
FROM findings
UNION ALL
SELECT name, '', 0, '', '', '', '', '', '', 0, number
FROM counts
UNION ALL
SELECT 'direct_calls', '', 0, '', principal, '', '', '', '', 0, count(*)
FROM judged
WHERE place = 1 AND (is_direct OR NOT {has_gateway})
GROUP BY principal
UNION ALL
SELECT 'unread_body', '', 0, '', '', path, '', '', '', 0, 1
FROM read_bodies
WHERE is_unread
UNION ALL
SELECT 'unread_body', '', 0, '', '', first_path, '', '', '', 0, 1
FROM read_bodies
WHERE is_first_unread
ORDER BY 10, 1, 2, 6
