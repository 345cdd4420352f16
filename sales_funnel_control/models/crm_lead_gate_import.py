from odoo import api, models

from .crm_lead_gate import DEFERRAL, Deferral


class CrmLead(models.Model):
    """Imports report every row that misses something or may not be, and only these."""

    _inherit = "crm.lead"

    @api.model
    def load(self, fields, data):
        """Import rows; those a gate is closed for, or whose client is blacklisted, are reported.

        All rows are checked together after they were read: one that fails takes no other with it.
        """
        if not self._has_gates() and not any(self.env["res.partner"]._sales_blacklist()):
            return super().load(fields, data)
        deferral = Deferral()
        savepoint = self.env.cr.savepoint(flush=True)
        leads = self.with_context(**{DEFERRAL: deferral})
        result = super(CrmLead, leads).load(fields, data)
        if deferral.messages:
            savepoint.rollback()
            result["ids"] = False
            result["messages"] = sorted(
                [*result["messages"], *deferral.messages],
                key=lambda message: message.get("rows", {}).get("from", -1),
            )
        savepoint.close(rollback=False)
        return result

    @api.model
    def _load_records(self, data_list, update=False):
        deferral = self.env.context.get(DEFERRAL)
        if not isinstance(deferral, Deferral):
            return super()._load_records(data_list, update)
        deferral.places.clear()
        deferral.worked.clear()
        records = super()._load_records(data_list, update)
        gaps = self._deferred_gaps(deferral.places)
        listed = self.browse(deferral.worked).exists()._of_blacklisted()
        listed = {lead.id: client for lead, client in listed.items()}
        for data in data_list:
            lead = data["record"]
            lines = list(lead._gate_lines(gaps.get(lead.id, ())))
            if lead.id in listed:
                lines.append(listed[lead.id]._blacklist_sentence())
            if lines:
                deferral.messages.append(
                    {**data.get("info", {}), "type": "error", "message": "\n".join(lines)}
                )
        return records

    def _deferred_gaps(self, places):
        """What leads miss that were written since, by lead id.

        :param dict places: former place, and whether the stage was written, by lead id
        """
        leads = self.browse(places).exists()
        former = {lead.id: places[lead.id][0] for lead in leads if places[lead.id][0]}
        written = leads.filtered(lambda lead: places[lead.id][1])
        given = leads._given(former)
        gaps = leads._gate_gaps(leads._moves(former), given, former)
        slipped = {lead: gaps[lead] for lead in gaps if lead not in written | given}
        self.env["crm.stage.bypass"].sudo()._note(slipped, "team_change", "", former)
        return {lead.id: missing for lead, missing in gaps.items() if lead not in slipped}
