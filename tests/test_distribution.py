"""Who gets which leads: the rules of role, grade and class, and Odoo's own assignment."""

import random

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from .common import FunnelCase

# Written out here once more, so that the rules are checked against something else than themselves.
TAKES = {
    ("hunter", "junior"): ("c-", "new"),
    ("hunter", "middle"): ("bc-", "new"),
    ("hunter", "senior"): ("ab-", "new"),
    ("farmer", "junior"): ("c-", "existing"),
    ("farmer", "middle"): ("bc-", "existing"),
    ("farmer", "senior"): ("ab-", "existing"),
    ("trainee", "junior"): ("c", "any"),
    ("trainee", "middle"): ("c", "any"),
    ("trainee", "senior"): ("c", "any"),
}


class DistributionCase(FunnelCase):
    """A company that distributes by role and grade."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_distribution(by_role=True, handover=False)
        # The demo company lets its seniors take everything.
        cls.env.ref("sales_funnel_control.crm_assignment_rule_hunter_senior").takes_c = False
        cls.env["ir.config_parameter"].set_param("crm.lead.auto.assignment", True)
        cls.env["ir.config_parameter"].set_param("sales_team.membership_multi", True)
        cls.env["crm.lead"].search([("user_id", "=", False)]).active = False
        cls.env["crm.team"].search([("id", "!=", cls.team.id)]).assignment_optout = True
        cls.members = cls.env["crm.team.member"].search([("crm_team_id", "=", cls.team.id)])
        cls.members.assignment_max = 300
        cls.ivanov_member, cls.sidorov_member = cls.members.sorted("id")
        cls.sidorov_member.grade = "senior"
        cls.ivanov_member.grade = "junior"

    @classmethod
    def _new_member(cls, name, role, grade="middle", team=None, capacity=300, **user):
        user = new_test_user(
            cls.env, f"test_{name}", groups="sales_team.group_sale_salesman", name=name, **user
        )
        return cls.env["crm.team.member"].create(
            {
                "crm_team_id": (team or cls.team).id,
                "user_id": user.id,
                "sales_role": role,
                "grade": grade,
                "assignment_max": capacity,
            }
        )

    @classmethod
    def _client(cls, name="Client", existing=False):
        client = cls.env["res.partner"].create({"name": name, "is_company": True})
        if existing:
            cls._deal_won(client)
        return client

    @classmethod
    def _deal_won(cls, clients, **values):
        deals = cls.env["crm.lead"].create(
            [
                {
                    "name": "Won",
                    "type": "opportunity",
                    "partner_id": client.id,
                    "team_id": cls.team.id,
                    "user_id": cls.env.user.id,
                    "stage_id": cls.payment.id,
                    "probability": 100,
                    **values,
                }
                for client in clients
            ]
        )
        cls.env.cr.flush()
        return deals

    def _waiting(self, **values):
        return self.env["crm.lead"].create(
            {
                "name": "Waiting",
                "type": "lead",
                "team_id": self.team.id,
                "user_id": False,
                "stage_id": self.list.id,
                **values,
            }
        )

    def _distribute(self, teams=None, force_quota=False):
        result = (teams or self.team)._action_assign_leads(force_quota=force_quota)
        self.env.cr.flush()
        return result

    def _a_day_later(self):
        """What was given so far was given yesterday."""
        self.env.flush_all()
        self.env.cr.execute(SQL("UPDATE crm_lead SET date_open = date_open - interval '25 hours'"))
        self.env.invalidate_all()

    def _outside(self, leads):
        return self.env["crm.lead"].search(
            [("id", "in", leads.ids), ("is_outside_assignment_rule", "=", True)]
        )


@tagged("post_install", "-at_install")
class TestDistribution(DistributionCase):
    def test_grades_take_their_classes(self):
        """Junior C and unclassed, middle B too, senior A and B."""
        leads = {cls: self._waiting(lead_class=cls) for cls in ("a", "b", "c")}
        self._distribute()
        self.assertEqual(leads["a"].user_id, self.sidorov)
        self.assertEqual(leads["b"].user_id, self.sidorov)
        self.assertEqual(leads["c"].user_id, self.ivanov)

    def test_existing_clients_go_to_farmers(self):
        """By a deal won, by an order, by the contact person and by the e-mail alone."""
        farmer = self._new_member("Farmer", "farmer").user_id
        won = self._client(existing=True)
        contact = self.env["res.partner"].create(
            {"name": "Person", "parent_id": won.id, "email": "person@distribution.test"}
        )
        ordered = self._client("Orders")
        order = self.env["sale.order"].create({"partner_id": ordered.id})
        new = self._waiting(lead_class="c", partner_id=self._client("New").id)
        known = [
            self._waiting(lead_class="c", partner_id=won.id),
            self._waiting(lead_class="c", partner_id=contact.id),
            self._waiting(lead_class="c", email_from="Person <PERSON@distribution.test>"),
        ]
        quoted = self._waiting(lead_class="c", partner_id=ordered.id)
        self._distribute()
        self.assertEqual(new.user_id, self.ivanov)
        self.assertEqual([lead.user_id for lead in known], [farmer] * 3)
        self.assertEqual(quoted.user_id, self.ivanov, "a quotation is no order")

        order.state = "sale"
        again = self._waiting(lead_class="c", partner_id=ordered.id)
        self._distribute()
        self.assertEqual(again.user_id, farmer)

    def test_trainee_takes_cold_work_only(self):
        self.members.assignment_optout = True
        trainee = self._new_member("Trainee", "trainee").user_id
        self.assertEqual((self.list.work_block, self.presentation.work_block), ("1", "2"))
        cold = self._waiting(lead_class="c")
        warm = self._waiting(lead_class="c", stage_id=self.presentation.id)
        dear = self._waiting(lead_class="b")
        unclassed = self._waiting()
        self._distribute()
        self.assertEqual(cold.user_id, trainee)
        self.assertFalse((warm | dear | unclassed).user_id)

    def test_leads_few_may_take_come_first(self):
        """The senior's quota of one goes to the A, though the B is likelier and was earlier."""
        self.sidorov_member.assignment_max = 30
        self.ivanov_member.grade = "middle"
        middling = self._waiting(lead_class="b", probability=90)
        large = self._waiting(lead_class="a", probability=10)
        self._distribute()
        self.assertEqual(large.user_id, self.sidorov)
        self.assertEqual(middling.user_id, self.ivanov)

    def test_odoos_own_filters_still_count(self):
        self.sidorov_member.assignment_domain = "[('name', '=', 'Mine')]"
        other, mine = self._waiting(lead_class="a"), self._waiting(lead_class="a", name="Mine")
        self._distribute()
        self.assertFalse(other.user_id)
        self.assertEqual(mine.user_id, self.sidorov)

    def test_lead_goes_to_a_team_that_takes_it(self):
        """Allocated at random by Odoo; the team without a taker passes it on."""
        juniors = self._make_team("Juniors")
        self._build_funnel(juniors)
        self._new_member("Junior", "hunter", "junior", team=juniors, capacity=30_000)
        leads = self.env["crm.lead"].create(
            [
                {"name": f"A {number}", "type": "lead", "lead_class": "a"}
                | {"user_id": False, "team_id": False}
                for number in range(8)
            ]
        )
        self._distribute(self.team | juniors)
        self.assertEqual(leads.team_id, self.team)
        self.assertEqual(leads.user_id, self.sidorov)

    def test_off_is_stock(self):
        """With the switch off an A goes round to everybody, a lead of an existing client too."""
        self.set_distribution(by_role=False, handover=False)
        leads = self.env["crm.lead"].union(
            *(self._waiting(lead_class="a", partner_id=self._client(existing=True).id)
              for _each in range(4))
        )  # fmt: skip
        self._distribute()
        self.assertEqual(leads.user_id, self.ivanov | self.sidorov)
        self.assertFalse(self._outside(leads))
        self.assertFalse(any(leads.mapped("is_outside_assignment_rule")))

    def test_off_costs_nothing(self):
        self.set_distribution(by_role=False, handover=False)
        lead = self.new_lead()
        self.env["crm.lead"]._assignment_objections()
        with self.assertQueryCount(0):
            self.assertFalse(lead._assignment_objections())
            self.assertFalse(self.team._ruled())
            self.assertFalse(self.env["crm.lead.class.rule"]._asked_fields())

    def test_companies_have_their_own_switch_and_rules(self):
        other = self.env["res.company"].create({"name": "Other"})
        team = self._make_team("Elsewhere", company_id=other.id)
        self._build_funnel(team)
        member = self._new_member(
            "Elsewhere",
            "hunter",
            "junior",
            team=team,
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        lead = self._waiting(lead_class="a", team_id=team.id, company_id=other.id, stage_id=False)
        self._distribute(team)
        self.assertEqual(lead.user_id, member.user_id, "the other company has no rules")
        self.assertFalse(self._outside(lead))

        other.distribution_by_role = True
        lead.invalidate_recordset()
        self.assertEqual(self._outside(lead), lead)
        self.assertTrue(lead.is_outside_assignment_rule)

        self.env["crm.assignment.rule"].create(
            {
                "sales_role": "hunter",
                "company_id": other.id,
                "takes_a": True,
            }
        )
        lead.invalidate_recordset()
        self.assertFalse(self._outside(lead), "the company's rule goes before the shared one")
        self.assertFalse(lead.is_outside_assignment_rule)

    def test_new_round_after_the_rules_changed(self):
        lead = self._waiting(lead_class="a")
        self.sidorov_member.grade = "middle"
        self._distribute()
        self.assertFalse(lead.user_id)
        rule = self.env.ref("sales_funnel_control.crm_assignment_rule_hunter_middle")
        rule.takes_a = True
        self._distribute()
        self.assertEqual(lead.user_id, self.sidorov)

    def test_rules_are_checked(self):
        Rule = self.env["crm.assignment.rule"]
        with self.assertRaises(ValidationError):
            Rule.create({"sales_role": "hunter", "company_id": self.env.company.id})
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            Rule.create({"sales_role": "trainee", "takes_c": True})
            self.env.flush_all()

    def test_archived_rules_stay_away(self):
        """Also when the one who asks first looks at archived records, as Odoo's buttons do."""
        rule = self.env.ref("sales_funnel_control.crm_assignment_rule_trainee")
        trainee = self._new_member("Trainee", "trainee")
        archived = self.env["crm.lead.class.rule"].create({"name": "Off", "lead_class": "a"})
        channel = self.env["crm.request.channel"].create(
            {"name": "Off", "source_id": self.env["utm.source"].create({"name": "Off"}).id}
        )
        company = self.env["res.company"].create({"name": "Off", "distribution_by_role": True})
        for record in (rule, archived, channel, company, trainee):
            record.active = False
        self.env.flush_all()
        for cache in ("default", "stable"):
            self.env.registry.clear_cache(cache)
        env = self.env(context={**self.env.context, "active_test": False})
        self.assertNotIn("a", [each for each, _domain in env["crm.lead.class.rule"]._rules()])
        self.assertNotIn((False, "trainee", False), env["crm.assignment.rule"]._terms_table())
        self.assertNotIn(
            channel.id, [each.channel_id for each in env["crm.request.channel"]._rules()]
        )
        self.assertNotIn(
            (trainee.crm_team_id.id, trainee.user_id.id), env["crm.team.member"]._trainees()
        )
        self.assertNotIn(company.id, env["res.company"]._switched_on("distribution_by_role"))

    # -- companies ----------------------------------------------------------------------------

    def _agree(self, lead):
        """Whether a lead is outside the rules: the field and the filter say the same."""
        self.env.cr.flush()
        lead.invalidate_recordset()
        outside = lead.is_outside_assignment_rule
        self.assertEqual(bool(self._outside(lead)), outside)
        return outside

    def test_existing_client_of_another_company(self):
        """Who bought from the other company, by an order or by a deal, is new to this one."""
        other = self.env["res.company"].create({"name": "Other"})
        here = self.env.company.id
        ordered, won, shared = (self._client(name) for name in ("Ordered", "Won", "Shared"))
        order = self.env["sale.order"].create({"partner_id": ordered.id})
        order.state = "sale"
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE sale_order SET company_id = %s WHERE id = %s", other.id, order.id)
        )
        self.env.invalidate_all()
        self._deal_won(won, company_id=other.id)
        self._deal_won(shared, company_id=False)
        leads = [
            self.new_lead(user=self.sidorov, lead_class="a", company_id=here, partner_id=client.id)
            for client in (ordered, won, shared)
        ]
        self.assertEqual([self._agree(lead) for lead in leads], [False, False, True])
        firsts = self.env["res.partner"]._first_sales(ordered | won | shared, self.env.company)
        self.assertEqual(set(firsts), {(shared.id, here)}, "the same clients as everywhere else")
        self._deal_won(won, company_id=here)
        self.assertTrue(self._agree(leads[1]))

    def test_won_is_what_the_ledger_says(self):
        """A deal that went back from the won stage makes no existing client."""
        client = self._client()
        deal = self._deal_won(client)
        lead = self.new_lead(user=self.sidorov, lead_class="a", partner_id=client.id)
        self.assertTrue(self._agree(lead))
        deal.write({"stage_id": self.contract.id, "probability": 50})
        self.assertFalse(self._agree(lead))

    def test_client_by_email_of_another_company(self):
        """A contact of another company with the same address is not this lead's client."""
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self._client("Foreign", existing=True)
        foreign.write({"company_id": other.id, "email": "same@distribution.test"})
        leads = [
            self.new_lead(
                user=self.sidorov,
                lead_class="a",
                email_from="same@distribution.test",
                company_id=company_id,
            )
            for company_id in (self.env.company.id, False)
        ]
        for lead in leads:
            self.assertFalse(lead._clients()[lead])
            self.assertFalse(self._agree(lead))
        foreign.company_id = False
        for lead in leads:
            self.assertEqual(lead._clients()[lead], foreign)
            self.assertTrue(self._agree(lead))

    def test_client_is_not_guessed_by_the_name(self):
        """Odoo proposes a company of that name, of whatever company; that is no client."""
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self._client("Namesake", existing=True)
        foreign.company_id = other
        lead = self.new_lead(user=self.sidorov, lead_class="a", partner_name="Namesake")
        self.assertFalse(lead._clients()[lead])
        self.assertFalse(self._agree(lead))

    # -- by hand ------------------------------------------------------------------------------

    def test_by_hand_is_possible_and_marked(self):
        lead = self.new_lead(user=self.ivanov, lead_class="a")
        self.assertTrue(lead.is_outside_assignment_rule)
        self.assertIn(
            "takes leads of these classes: C, no class. This one: A.", lead.assignment_objection
        )
        self.assertEqual(self._outside(lead), lead)
        lead.user_id = self.sidorov
        self.assertFalse(lead.is_outside_assignment_rule)
        self.assertFalse(self._outside(lead))
        lead.partner_id = self._client(existing=True)
        self.assertIn("takes new clients", lead.assignment_objection)
        self.sidorov_member.sales_role = "trainee"
        lead.write({"lead_class": "c", "stage_id": self.presentation.id})
        lead.invalidate_recordset()
        self.assertIn("cold work", lead.assignment_objection)
        self.assertEqual(self._outside(lead), lead)
        lead.active = False
        self.assertFalse(lead.is_outside_assignment_rule, "it is in work no more")

    def test_negative_search(self):
        inside, outside = self.new_lead(lead_class="c"), self.new_lead(lead_class="a")
        self.assertEqual(
            self.env["crm.lead"].search(
                [("id", "in", (inside | outside).ids), ("is_outside_assignment_rule", "=", False)]
            ),
            inside,
        )

    def test_form_warns(self):
        lead = self.new_lead(user=self.sidorov, lead_class="a")
        values = {"user_id": self.ivanov.id, "lead_class": "a", "name": "Lead"}
        spec = {"user_id": {}, "team_id": {}, "lead_class": {}, "assignment_objection": {}}
        answer = lead.onchange(values, ["user_id"], spec)
        self.assertIn("This one: A.", answer["warning"]["message"])
        self.assertEqual(answer["warning"]["type"], "notification")
        answer = lead.onchange({**values, "user_id": self.sidorov.id}, ["user_id"], spec)
        self.assertNotIn("warning", answer)
        with Form(lead) as form:
            form.user_id = self.ivanov
        self.assertEqual(lead.user_id, self.ivanov, "it is saved nevertheless")

    def test_new_form_does_not_warn(self):
        """An empty new lead of a trainee is nothing to warn of yet."""
        trainee = self._new_member("Trainee", "trainee").user_id
        answer = (
            self.env["crm.lead"]
            .with_user(trainee)
            .onchange({}, [], {"user_id": {}, "team_id": {}, "lead_class": {}, "name": {}})
        )
        self.assertNotIn("warning", answer)

    # -- rights -------------------------------------------------------------------------------

    def test_rights(self):
        rule = self.env.ref("sales_funnel_control.crm_assignment_rule_trainee")
        self.assertTrue(rule.with_user(self.ivanov).takes_c)
        with self.assertRaises(AccessError):
            rule.with_user(self.ivanov).takes_a = True
        portal = new_test_user(self.env, "test_portal_d", groups="base.group_portal")
        for model in ("crm.assignment.rule", "crm.lead.class.rule", "crm.lead.class.run"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])
        with self.assertRaises(UserError):
            self.team.with_user(self.ivanov)._action_assign_leads()
        mine = self.new_lead(user=self.ivanov, lead_class="a")
        others = self.new_lead(user=self.sidorov, lead_class="c")
        seen = self.env["crm.lead"].with_user(self.ivanov)
        self.assertEqual(
            seen.search([("is_outside_assignment_rule", "=", True)]) & (mine | others), mine
        )

    # -- the overview -------------------------------------------------------------------------

    def test_overview(self):
        self.new_lead(user=self.sidorov, lead_class="a")
        self.new_lead(user=self.sidorov, lead_class="a")
        self.new_lead(user=self.sidorov)
        self.new_lead(user=self.sidorov, lead_class="c", active=False)
        self.new_lead(user=self.sidorov, stage=self.payment, probability=100)
        member = self.sidorov_member
        member.invalidate_recordset()
        self.assertEqual(
            (member.in_work_count, member.in_work_a_count, member.in_work_unclassed_count),
            (3, 2, 1),
        )
        self.assertEqual((member.in_work_b_count, member.in_work_c_count), (0, 0))
        self.assertEqual(member.lead_day_count, 5)
        self.assertEqual(member.quota_left, 5, "ten a day, five of them given")
        member.assignment_optout = True
        self.assertEqual(member.quota_left, 0)

    def test_distribute_now_keeps_the_quotas(self):
        self.members.assignment_max = 30
        leads = [self._waiting(lead_class=cls) for cls in "aaacc"]
        answer = self.members.action_distribute()
        self.assertEqual(answer["tag"], "display_notification")
        self.members.action_distribute()
        self.assertEqual(
            sorted(lead.user_id.name or "" for lead in leads), ["", "", "", "Ivanenko", "Sidorenko"]
        )
        self.env["ir.config_parameter"].set_param("crm.lead.auto.assignment", False)
        with self.assertRaises(UserError):
            self.members.action_distribute()


@tagged("post_install", "-at_install")
class TestThousandLeads(DistributionCase):
    """1,000 leads, 20 members of mixed roles and grades in two teams."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.members.unlink()
        cls.chance = random.Random(20)
        cls.other_team = cls._make_team("Others")
        cls.other_stages = cls._build_funnel(cls.other_team)
        cls.teams = cls.team | cls.other_team
        seats = [(role, grade) for role in ("hunter", "farmer") for grade in TAKES_GRADES] + [
            ("trainee", "junior"),
            ("hunter", "middle"),
            ("farmer", "middle"),
            ("trainee", "middle"),
        ]
        cls.members = cls.env["crm.team.member"].union(
            *(
                cls._new_member(
                    f"{role} {grade} {place} of {team.id}",
                    role,
                    grade,
                    team=team,
                    capacity=30 * cls.chance.randint(2, 15),
                )
                for team in cls.teams
                for place, (role, grade) in enumerate(seats)
            )
        )
        cls.leads, cls.existing = cls._make_leads()

    @classmethod
    def _make_leads(cls):
        clients = cls.env["res.partner"].create([{"name": f"Client {n}"} for n in range(600)])
        bought = clients[:300]
        cls._deal_won(bought)
        values = []
        for number in range(1000):
            team = cls.chance.choice([cls.team, cls.other_team, None])
            stages = cls.stages if team == cls.team else cls.other_stages
            values.append(
                {
                    "name": f"Lead {number}",
                    "type": cls.chance.choice(("lead", "opportunity")),
                    "user_id": False,
                    "team_id": team.id if team else False,
                    "stage_id": cls.chance.choice(stages[:3]).id if team else False,
                    "lead_class": cls.chance.choice(("a", "b", "c", False)),
                    "partner_id": clients[number].id if number < 600 else False,
                }
            )
        leads = cls.env["crm.lead"].create(values)
        cls.env.cr.flush()
        return leads, cls.env["crm.lead"].union(
            *leads.filtered(lambda lead: lead.partner_id in bought)
        )

    def _fits(self, lead, member):
        classes, clients = TAKES[member.sales_role, member.grade]
        if (lead.lead_class or "-") not in classes:
            return False
        if clients != "any" and (clients == "existing") != (lead in self.existing):
            return False
        return member.sales_role != "trainee" or lead.stage_id.work_block == "1"

    def _member_of(self, lead):
        return self.members.filtered(
            lambda m: m.user_id == lead.user_id and m.crm_team_id == lead.team_id
        )

    def test_distribution(self):
        """None outside the rules, quotas kept, several runs a day give nothing anew."""
        self.assertEqual((len(self.leads), len(self.members)), (1000, 20))
        before = {}
        for day in range(3):
            with mute_logger("odoo.addons.crm.models.crm_team"):
                self._distribute(self.teams)
            owners = {lead: lead.user_id for lead in self.leads if lead.user_id}
            self._check_day(day, owners, before)
            for _run in range(2):
                with mute_logger("odoo.addons.crm.models.crm_team"):
                    self._distribute(self.teams)
                again = {lead: lead.user_id for lead in self.leads if lead.user_id}
                self.assertEqual(again, owners, "a second run of the day gives nobody more")
            before = owners
            self._a_day_later()
        self.assertFalse(self._outside(self.leads))

    def _check_day(self, day, owners, before):
        self.assertFalse(before.items() - owners.items(), "nobody loses a lead to another")
        given = owners.keys() - before.keys()
        per_member = dict.fromkeys(self.members, 0)
        for lead in owners:
            member = self._member_of(lead)
            self.assertTrue(self._fits(lead, member), (lead.lead_class, member.display_name))
            per_member[member] += lead in given
        for member, count in per_member.items():
            self.assertLessEqual(count, member.assignment_max / 30)
        full = {m for m, count in per_member.items() if count == m.assignment_max / 30}
        self.assertGreater(len(given), 0)
        waiting = [lead for lead in self.leads if not lead.user_id]
        for lead in waiting:
            takers = {
                m for m in self.members if m.crm_team_id == lead.team_id and self._fits(lead, m)
            }
            self.assertFalse(takers - full, f"day {day}: somebody could have taken this lead")

    def test_search_says_what_the_field_says(self):
        """Owners at random: the filter, the field and the table above agree on every lead."""
        waiting = self.leads.filtered("team_id")[:300]
        for lead in waiting:
            lead.user_id = self.chance.choice(
                self.members.filtered(lambda m, team=lead.team_id: m.crm_team_id == team)
            ).user_id
        self.env.cr.flush()
        expected = {lead.id for lead in waiting if not self._fits(lead, self._member_of(lead))}
        self.assertTrue(0 < len(expected) < 300)
        self.assertEqual(set(self._outside(waiting).ids), expected)
        waiting.invalidate_recordset()
        marked = waiting.filtered("is_outside_assignment_rule")
        self.assertEqual(set(marked.ids), expected)
        self.assertTrue(all(marked.mapped("assignment_objection")))

    def test_sorting_out_is_asked_in_batches(self):
        """What 300 leads are asked more than 100 does not grow with their number."""
        waiting = self.leads.filtered(lambda lead: lead.team_id == self.team)
        self.assertGreater(len(waiting), 300)
        counts = []
        for size in (100, 300):
            self.env.flush_all()
            self.env.invalidate_all()
            leads = self.env["crm.lead"].browse(waiting[:size].ids)
            self.env["res.company"]._switched_on("distribution_by_role")
            self.env["crm.stage"]._won_stage_ids()
            start = self.cr.sql_log_count
            leads._distribution_facts()
            counts.append(self.cr.sql_log_count - start)
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[1], 10)


TAKES_GRADES = ("junior", "middle", "senior")
