from markupsafe import Markup

from odoo import models
from odoo.tools import formatLang


class CrmClientSignal(models.Model):
    """Telling the manager: an activity, or an opportunity with its next step."""

    _inherit = "crm.client.signal"

    def _open_work(self):
        """Open for signals just raised what the company has in its settings for their kind."""
        told = self.filtered(
            lambda signal: signal.user_id and signal.company_id[f"signal_{signal.kind}"] != "none"
        )
        in_deals = told.filtered(
            lambda signal: signal.company_id[f"signal_{signal.kind}"] == "opportunity"
        )
        in_deals._put_into_deals()
        told._schedule()

    def _put_into_deals(self):
        """Tie each signal to the deal its client is worked in, or to a new one."""
        present = self._present_deals()
        busy = self._clients_in_work()
        for signal in self:
            signal.lead_id = present.get(signal.client_id)
        free = self.filtered(lambda signal: signal.client_id not in busy)
        # A client with two signals gets one deal.
        first = self.browse({signal.client_id: signal.id for signal in reversed(free)}.values())
        first._open_deals()
        opened = {signal.client_id: signal.lead_id for signal in first}
        for signal in free - first:
            signal.lead_id = opened[signal.client_id]

    def _open_deals(self):
        """Open a deal for each signal, named in its manager's language.

        :return: the opportunities
        """
        leads = self.env["crm.lead"].sudo()
        for (lang, kind), signals in (
            self.filtered("kind").grouped(lambda signal: (signal.user_id.lang, signal.kind)).items()
        ):
            env = self.with_context(lang=lang).env
            names = {
                "overdue": env._("Overdue purchase"),
                "falling": env._("Falling volume"),
                "growing": env._("Growing volume"),
                "new_need": env._("New need"),
            }
            opened = signals.client_id._open_opportunity(names[kind])
            by_client = {(lead.partner_id, lead.company_id): lead for lead in opened}
            for signal in signals:
                signal.lead_id = by_client.get((signal.partner_id, signal.company_id))
            leads |= opened
        return leads

    def _deals_in_work(self):
        """Opportunities in work with the clients of the signals, the latest first."""
        return (
            self.env["crm.lead"]
            .sudo()
            .search(
                [
                    ("type", "=", "opportunity"),
                    ("won_status", "=", "pending"),
                    ("partner_id.commercial_partner_id", "in", self.partner_id.ids),
                    ("company_id", "in", [*self.company_id.ids, False]),
                ],
                order="id desc",
            )
        )

    def _clients_in_work(self):
        """Clients that have a deal in work, whoever works it."""
        partners = {}
        for lead in self._deals_in_work():
            partners.setdefault(lead.partner_id.commercial_partner_id, set()).add(lead.company_id)
        nowhere = self.env["res.company"]
        return {
            signal.client_id
            for signal in self
            if partners.get(signal.partner_id, set()) & {signal.company_id, nowhere}
        }

    def _present_deals(self):
        """The deal in which the signal's manager works the client already: ``{client: lead}``."""
        deals = {}
        for lead in self._deals_in_work():
            deals.setdefault((lead.partner_id.commercial_partner_id, lead.user_id), lead)
        return {
            signal.client_id: deals[signal.partner_id, signal.user_id]
            for signal in self
            if (signal.partner_id, signal.user_id) in deals
        }

    def _schedule(self):
        """Give the managers the next step, in their language."""
        Activity = self.env["mail.activity"].sudo()
        models_by_name = {
            name: self.env["ir.model"]._get_id(name) for name in ("crm.lead", "res.partner")
        }
        call = self.env.ref("mail.mail_activity_data_call", raise_if_not_found=False)
        values = []
        for signal in self:
            record = signal.lead_id or signal.partner_id
            summary, note = signal._activity_texts()
            values.append(
                {
                    "res_model_id": models_by_name[record._name],
                    "res_id": record.id,
                    "activity_type_id": call.id if call else False,
                    "user_id": signal.user_id.id,
                    "date_deadline": signal.term_on,
                    "summary": summary,
                    "note": Markup("<p>%s</p>") % note,
                    "automated": True,
                }
            )
        activities = Activity.with_context(mail_activity_quick_update=True).create(values)
        for signal, activity in zip(self, activities, strict=True):
            signal.activity_id = activity

    def _activity_texts(self):
        """Summary and note of the activity, in the manager's language."""
        signal = self.with_context(lang=self.user_id.lang or self.env.lang)
        env = signal.env
        summaries = {
            "overdue": env._("Call: the purchase is overdue"),
            "falling": env._("Find out why the client buys less"),
            "growing": env._("The client buys more: offer what it needs next"),
            "new_need": env._("New need: find out how much, and for when"),
        }
        note = env._(
            "%(client)s: %(told)s Revenue of the last 12 months: %(revenue)s.",
            client=signal.partner_id.display_name,
            told=signal._told(),
            revenue=formatLang(env, signal.revenue, currency_obj=signal.currency_id),
        )
        return summaries[signal.kind], note
