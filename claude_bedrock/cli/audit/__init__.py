"""The audit report: what can be shown of a stage's record, and the answers of AWS it rests on."""
