coalesce(
    nullif(requestmetadata.token_issuer, '') || ':' || nullif(requestmetadata.caller, ''),
    nullif(requestmetadata.api_key_name, ''),
    'key:' || nullif(requestmetadata.api_key_id, ''),
    CASE split_part(regexp_extract(requestmetadata.caller_arn, '[^:]+$'), '/', 1)
      WHEN '' THEN NULL
      WHEN 'assumed-role' THEN regexp_extract(requestmetadata.caller_arn, ':assumed-role/(.+)$', 1)
      WHEN 'root' THEN 'account:root'
      ELSE split_part(regexp_extract(requestmetadata.caller_arn, '[^:]+$'), '/', 1)
        || ':' || regexp_extract(requestmetadata.caller_arn, '[^/:]+$')
    END,
    CASE
      WHEN "identity".arn NOT LIKE '%:assumed-role/%claude-on-bedrock-%-caller/%' THEN "identity".arn
      WHEN regexp_extract("identity".arn, '^[^=]*(=[0-9A-F]{2}[^=]*)*$') = "identity".arn
        THEN url_decode(
          replace(replace(regexp_extract("identity".arn, '[^/]+$'), '+', '%2B'), '=', '%')
        )
      ELSE regexp_extract("identity".arn, '[^/]+$')
    END,
    ''
  )
