from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# Columns that a refusal takes from the stay it ended, as they are.
_FROM_STAY = (
    "lead_id",
    "user_id",
    "team_id",
    "sales_role",
    "grade",
    "stage_id",
    "company_id",
    "currency_id",
    "lead_class",
    "source_id",
    "campaign_id",
    "country_id",
    "days",
    "lost_reason_id",
)


class CrmLeadRefusal(models.Model):
    """Keeps the register in step with the ledger: a refusal for each stay that ended in one."""

    _inherit = "crm.lead.refusal"

    def _follow(self, changes):
        """Register what changes of the ledger brought.

        :param changes: ``(difference, change, funnel)``, as the ledger applied them
        """
        found = self._sort_out(changes)
        if found:
            # What is written here in SQL would be forgotten together with what is not yet there.
            self.flush_model()
        for follow in (
            self._correct,
            self._register_missing,
            self._note_reopened,
            self._note_decided,
        ):
            if lead_ids := found.get(follow):
                follow(lead_ids)

    def _follow_undone(self, differences):
        """Take back what moves brought that were undone within the grace time."""
        won = self.env["crm.stage"]._won_stage_ids()
        lead_ids = [
            difference.lead_id
            for difference in differences
            if not won.isdisjoint({difference.stay.stage_id, difference.lead.stage_id})
        ]
        if lead_ids:
            self._note_decided(lead_ids)

    def _sort_out(self, changes):
        """Ids of the leads whose change concerns the register, by the method that follows it."""
        won = self.env["crm.stage"]._won_stage_ids()
        found = defaultdict(list)
        for difference, change, _funnel in changes:
            lead_id, entries = difference.lead_id, change.entries
            if any(entry.origin == "reopened" for entry in entries):
                found[self._note_reopened].append(lead_id)
            if change.exit == "refused" or any(entry.exit == "refused" for entry in entries):
                was_refused = difference.stay and difference.stay.exit == "refused"
                found[self._correct if was_refused else self._register_missing].append(lead_id)
            left = difference.stay and difference.stay.stage_id
            if not won.isdisjoint({left, *(entry.stage_id for entry in entries)}):
                found[self._note_decided].append(lead_id)
        return found

    @api.model
    def _register_missing(self, lead_ids, from_chatter=False):
        """Write the refusals of these leads that are not on the register yet. Idempotent.

        :param bool from_chatter: they happened before the ledger began
        """
        self.env["crm.lost.reason"].flush_model()
        self.env.cr.execute(
            self._insert_sql(SQL("stay.lead_id = ANY(%s)", list(lead_ids)), from_chatter)
        )
        self._forget_rows()

    def _correct(self, lead_ids):
        """Take over the reasons of stays that were given another one."""
        by_reason = defaultdict(self.browse)
        for refusal in self.search([("lead_id", "in", lead_ids), ("stay_id", "!=", False)]):
            if refusal.lost_reason_id != refusal.stay_id.lost_reason_id:
                by_reason[refusal.stay_id.lost_reason_id] |= refusal
        for reason, refusals in by_reason.items():
            refusals.lost_reason_id = reason

    def _plan_anew(self, former):
        """Plan the return that the reason given now asks for, unless another day was agreed.

        :param dict former: the day that the reason before asked for, by refusal
        """
        for refusal in self:
            if refusal.is_spam_or_duplicate:
                refusal.write({"return_on": False, "offer_on": False})
            elif not refusal.returned_on and refusal.return_on in (False, former[refusal]):
                refusal.return_on = refusal._usual_return()

    def _usual_return(self):
        """The day on which the client is contacted again after such a refusal, or False."""
        days = self.lost_reason_id.return_days
        if not days or self.is_reconstructed:
            return False
        company = self.company_id or self.env.company
        return company._funnel_date(self.refused_at) + timedelta(days=days)

    def _insert_sql(self, condition, from_chatter):
        day = SQL("(stay.left_at AT TIME ZONE 'UTC' AT TIME ZONE company.funnel_tz)::date")
        now = fields.Datetime.now()
        return SQL(
            """
            INSERT INTO crm_lead_refusal (
                %(columns)s, stay_id, refused_at, week_start, lead_name, partner_id, manager_name,
                amount, state, is_reconstructed, return_on, return_result, is_won_back,
                create_uid, create_date, write_uid, write_date
            )
            SELECT %(values)s, stay.id, stay.left_at, %(week)s, lead.name, lead.partner_id,
                   manager.name, COALESCE(lead.expected_revenue, stay.amount), 'new',
                   %(from_chatter)s, planned.return_on,
                   CASE WHEN planned.return_on IS NULL THEN 'none' ELSE 'waiting' END, FALSE,
                   %(user)s, %(now)s, %(user)s, %(now)s
              FROM crm_lead_stage_history stay
              JOIN crm_lead lead ON lead.id = stay.lead_id
              JOIN res_company company ON company.id = stay.company_id
         LEFT JOIN (
                    SELECT account.id, person.name
                      FROM res_users account
                      JOIN res_partner person ON person.id = account.partner_id
                   ) manager ON manager.id = stay.user_id
         LEFT JOIN LATERAL (
                    SELECT %(day)s + reason.return_days AS return_on
                      FROM crm_lost_reason reason
                     WHERE reason.id = stay.lost_reason_id
                       AND reason.return_days > 0
                       -- Nobody could return in time to those who refused long ago.
                       AND (
                            NOT %(from_chatter)s
                            OR %(day)s + reason.return_days >= %(now)s::date
                       )
                   ) planned ON TRUE
             WHERE %(condition)s
               AND stay.exit = 'refused'
               AND NOT EXISTS (SELECT FROM crm_lead_refusal known WHERE known.stay_id = stay.id)
          ORDER BY stay.left_at, stay.id
            """,
            columns=SQL(", ").join(map(SQL.identifier, _FROM_STAY)),
            values=SQL(", ").join(SQL.identifier("stay", name) for name in _FROM_STAY),
            week=self.env["crm.lead.stage.history"]._week_sql(
                SQL("stay.left_at"), SQL("company.funnel_tz")
            ),
            day=day,
            condition=condition,
            from_chatter=from_chatter,
            user=self.env.uid,
            now=now,
        )

    def _note_reopened(self, lead_ids):
        """Who reopens a lead has returned to the client."""
        refusals = self.search([("lead_id", "in", lead_ids), ("returned_on", "=", False)])
        refusals._returned({refusal: refusal.lead_id for refusal in refusals})

    def _note_decided(self, lead_ids):
        """Keep in step whether the second try was won; a win can be taken back."""
        self.env["crm.lead"].browse(lead_ids).flush_recordset(["won_status"])
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_lead_refusal AS refusal
                   SET is_won_back = lead.won_status = 'won'
                  FROM crm_lead lead
                 WHERE lead.id = ANY(%s)
                   AND refusal.return_lead_id = lead.id
                   AND refusal.is_won_back IS DISTINCT FROM (lead.won_status = 'won')
                """,
                list(lead_ids),
            )
        )
        self._forget_rows()

    def _merge(self, survivor, tails):
        """Carry the refusals of leads that are merged over, before these are deleted."""
        self.search([("return_lead_id", "in", tails.ids)]).return_lead_id = survivor
        carried = self.search([("lead_id", "in", tails.ids)])
        carried.lead_id = survivor
        if survivor.active:
            # The client is worked in the deal that remains.
            open_ones = carried.filtered(lambda refusal: not refusal.returned_on)
            open_ones._returned(dict.fromkeys(open_ones, survivor))

    def _merged(self, survivor):
        """A lost deal made of lost ones was refused no further time by that."""
        if survivor.active:
            return
        refusals = self.search([("lead_id", "=", survivor.id)], order="refused_at, id")
        written = refusals.filtered(lambda refusal: refusal.stay_id)[-1:]
        former = refusals.filtered(lambda refusal: not refusal.stay_id)[-1:]
        if written and former and not written.words:
            stay = written.stay_id
            written.unlink()
            former.stay_id = stay

    def _correct_reason(self):
        """Let ledger and opportunity follow a reason that was corrected on the register."""
        latest = self.lead_id._latest_refusal()
        for reason, refusals in self.grouped("lost_reason_id").items():
            still_lost = (refusals & latest).filtered(
                lambda refusal: refusal.lead_id.won_status == "lost"
            )
            leads = still_lost.lead_id.filtered(lambda lead, r=reason: lead.lost_reason_id != r)
            leads.write({"lost_reason_id": reason.id})
            stays = (refusals - still_lost).stay_id
            stays = stays.filtered(lambda stay, r=reason: stay.lost_reason_id != r)
            stays.write({"lost_reason_id": reason.id})
            stays.flush_recordset()
            # A client that came back counts from then on, if it was taken for spam before.
            stays._derive(stays.lead_id.ids)

    def _forget_rows(self):
        self.invalidate_model(flush=False)
