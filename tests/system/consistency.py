"""What must never be found in a ledger, whatever happened: queries that come back empty."""

NOT_MIRRORED = """
    SELECT lead.id
      FROM crm_lead lead
 LEFT JOIN crm_lead_stage_history stay ON stay.lead_id = lead.id AND stay.left_at IS NULL
     WHERE (lead.active AND lead.type = 'opportunity')
           IS DISTINCT FROM (stay.id IS NOT NULL)
        OR stay.id IS NOT NULL
           AND (lead.stage_id, lead.team_id, lead.user_id)
               IS DISTINCT FROM (stay.stage_id, stay.team_id, stay.user_id)
"""
SEVERAL_OPEN = """
    SELECT lead_id FROM crm_lead_stage_history WHERE left_at IS NULL
  GROUP BY lead_id HAVING COUNT(*) > 1
"""
OVERLAPPING = """
    SELECT id
      FROM (
            SELECT id, entered_at, left_at,
                   LEAD(entered_at) OVER (
                       PARTITION BY lead_id ORDER BY entered_at, left_at, id
                   ) AS next_entered_at
              FROM crm_lead_stage_history
           ) stay
     WHERE left_at < entered_at
        OR COALESCE(left_at, 'infinity') > next_entered_at
"""
UNBALANCED = """
    SELECT lead_id
      FROM crm_lead_stage_history
  GROUP BY lead_id
    HAVING COUNT(*) <> COUNT(*) FILTER (WHERE (left_at IS NULL) = (exit = 'still_there'))
"""
BROKEN = {
    "the open stay mirrors the lead": NOT_MIRRORED,
    "one open stay at the most": SEVERAL_OPEN,
    "no overlap and no negative length": OVERLAPPING,
    "entries are still there or left": UNBALANCED,
}


def broken(database):
    """What is wrong with the ledger of a database: the offending rows, by the promise broken."""
    found = {promise: database.rows(query) for promise, query in BROKEN.items()}
    found["derived columns are right"] = database.inside("ledger.changed_by_derive")
    return {promise: rows for promise, rows in found.items() if rows}
