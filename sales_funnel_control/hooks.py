def post_init_hook(env):
    """Rebuild the ledger of the leads that are already there."""
    history = env["crm.lead.stage.history"]
    lead_ids = history._leads_to_rebuild()
    for start in range(0, len(lead_ids), history._BACKFILL_BATCH):
        history._backfill(lead_ids[start : start + history._BACKFILL_BATCH])


def uninstall_hook(env):
    """Leave nothing behind: settings kept outside the addon's own tables."""
    env["ir.config_parameter"].sudo().search(
        [("key", "=like", "sales_funnel_control.%")]
    ).unlink()
