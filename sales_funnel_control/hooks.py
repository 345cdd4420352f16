from odoo.fields import Domain
from odoo.tools import SQL

_ADDON = "sales_funnel_control"
# So many contacts are gone over while the addon is installed.
_CLIENTS_AT_ONCE = 20000
# What the lost reasons that come with Odoo add up to.
_KNOWN_REASONS = {
    "crm.lost_reason_1": "price",
    "crm.lost_reason_2": "product",
    "crm.lost_reason_3": "assortment",
}


def post_init_hook(env):
    """Learn from the leads that are already there; CRM still opens on the pipeline."""
    menu = env.ref("crm.crm_menu_root")
    if not menu.action:
        # Else the app would open on its first entry, which is the control board now.
        menu.action = env.ref("crm.action_your_pipeline")
    for name, cause_group in _KNOWN_REASONS.items():
        reason = env.ref(name, raise_if_not_found=False)
        if reason and not reason.cause_group:
            reason.cause_group = cause_group
    history = env["crm.lead.stage.history"]
    lead_ids = history._leads_to_rebuild()
    for start in range(0, len(lead_ids), history._BACKFILL_BATCH):
        history._backfill(lead_ids[start : start + history._BACKFILL_BATCH])
    # Without statistics PostgreSQL takes the new tables to be empty, and goes over them row by row.
    env.cr.execute(SQL("ANALYZE crm_lead_stage_history, crm_lead_refusal"))
    env["crm.deal.cycle"]._cron_compute()
    _know_clients(env)


def _know_clients(env):
    """Go over the client base at once; a large one is left to the nightly run, which starts now."""
    organisations = env["res.partner"].search_count(Domain.TRUE, limit=_CLIENTS_AT_ONCE + 1)
    if organisations > _CLIENTS_AT_ONCE:
        env.ref(f"{_ADDON}.ir_cron_go_over_clients")._trigger()
        return
    for company in env["res.company"].search(Domain.TRUE):
        env["crm.client.run"]._go_over(company)


def uninstall_hook(env):
    """Leave nothing behind: what Odoo keeps of an addon outside the addon's own tables."""
    env = env(su=True)
    menu = env.ref("crm.crm_menu_root")
    if menu.action == env.ref("crm.action_your_pipeline"):
        menu.action = False
    env["ir.config_parameter"].search([("key", "=like", f"{_ADDON}.%")]).unlink()
    _keep_used_reasons(env)
    _keep_given_cards(env)
    env["crm.timetable"]._remove_all()
    _free_time_kinds(env)
    models = _own_models(env)
    names = models.mapped("model")
    filters = env["ir.filters"].with_context(active_test=False)
    filters.search([("model_id", "in", names)]).unlink()
    env["ir.exports"].search([("resource", "in", names)]).unlink()
    # Other addons extend the mixins our models are made of, and own a record of that.
    inherits = env["ir.model.inherit"].search([("model_id", "in", models.ids)])
    choices = env["ir.model.fields.selection"].search([("field_id.model_id", "in", models.ids)])
    for records in (inherits, choices):
        env["ir.model.data"].search(
            [
                ("model", "=", records._name),
                ("res_id", "in", records.ids),
                ("module", "!=", _ADDON),
            ]
        ).unlink()


def _keep_used_reasons(env):
    """Lost reasons that came with the addon and were used become the company's own."""
    env.cr.execute(
        SQL(
            """
            DELETE FROM ir_model_data AS data
             WHERE data.module = %s
               AND data.model = 'crm.lost.reason'
               AND (
                    EXISTS (SELECT FROM crm_lead WHERE lost_reason_id = data.res_id)
                    OR EXISTS (
                        SELECT FROM crm_lead_stage_history WHERE lost_reason_id = data.res_id
                    )
                    OR EXISTS (SELECT FROM crm_lead_refusal WHERE lost_reason_id = data.res_id)
               )
            """,
            _ADDON,
        )
    )


def _keep_given_cards(env):
    """Programs that clients hold cards of become the company's own, out of use, points and all."""
    data = env["ir.model.data"].search(
        [("module", "=", _ADDON), ("model", "in", ("loyalty.program", "product.pricelist"))]
    )
    ready = data.filtered(lambda record: record.model == "loyalty.program")
    programs = env["loyalty.program"].browse(ready.mapped("res_id")).exists()
    cards = env["loyalty.card"].with_context(active_test=False)
    used = cards.search([("program_id", "in", programs.ids)]).program_id
    # Without the rule who is entitled every buyer would get a card.
    used.active = False
    kept = {"loyalty.program": used, "product.pricelist": used.member_pricelist_id}
    data.filtered(lambda record: record.res_id in kept[record.model].ids).unlink()


def _free_time_kinds(env):
    """Odoo deletes the kinds of work before the models that refer to them, and could not."""
    env.flush_all()
    env.cr.execute(SQL("DELETE FROM crm_time_study_entry"))
    env.cr.execute(SQL("DELETE FROM crm_time_block"))
    env.invalidate_all()


def _own_models(env):
    """Models that no other addon knows."""
    known = env["ir.model.data"].search([("model", "=", "ir.model")])
    ours = known.filtered(lambda record: record.module == _ADDON).mapped("res_id")
    others = known.filtered(lambda record: record.module != _ADDON).mapped("res_id")
    return env["ir.model"].browse(set(ours) - set(others))
