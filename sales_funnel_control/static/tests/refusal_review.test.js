import {expect, test} from "@odoo/hoot";
import {animationFrame} from "@odoo/hoot-dom";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {
    contains,
    defineModels,
    fields,
    getService,
    MockServer,
    models,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";
import {WebClient} from "@web/webclient/webclient";

class Refusal extends models.Model {
    _name = "crm.lead.refusal";

    name = fields.Char();
    state = fields.Selection({
        selection: [
            ["new", "To Review"],
            ["reviewed", "Reviewed"],
        ],
    });

    _records = [
        {id: 1, name: "Alpha", state: "new"},
        {id: 2, name: "Beta", state: "new"},
        {id: 3, name: "Gamma", state: "new"},
    ];
    _views = {
        "form,false": `
            <form js_class="refusal_review">
                <button name="action_rule_market" type="object" string="Market"/>
                <button name="action_rule_work_gap" type="object" string="Gap"/>
                <button name="action_reset" type="object" string="Reset"/>
                <field name="name"/>
                <field name="state"/>
            </form>`,
        "form,7": `
            <form>
                <field name="name"/>
                <footer>
                    <button name="action_coach" type="object" string="Coach"/>
                    <button special="cancel" string="Cancel"/>
                </footer>
            </form>`,
    };

    action_rule_market(ids) {
        this.write(ids, {state: "reviewed"});
        return false;
    }

    action_rule_work_gap([id]) {
        return {
            type: "ir.actions.act_window",
            res_model: "crm.lead.refusal",
            res_id: id,
            target: "new",
            views: [[7, "form"]],
        };
    }

    action_coach(ids) {
        this.write(ids, {state: "reviewed"});
        return {type: "ir.actions.act_window_close"};
    }

    action_reset() {
        return false;
    }
}

defineModels([Refusal]);
defineMailModels();

const NAME = ".o_form_view .o_field_widget[name=name] input";

async function openRefusal(resId) {
    await mountWithCleanup(WebClient);
    await getService("action").doAction(
        {
            type: "ir.actions.act_window",
            res_model: "crm.lead.refusal",
            res_id: resId,
            views: [[false, "form"]],
        },
        {props: {resIds: [1, 2, 3]}}
    );
}

function stateOf(id) {
    return MockServer.env["crm.lead.refusal"].browse(id)[0].state;
}

test("a ruling brings the next refusal", async () => {
    await openRefusal(1);
    await contains("button[name=action_rule_market]").click();
    await animationFrame();
    expect(stateOf(1)).toBe("reviewed");
    expect(NAME).toHaveValue("Beta");
    expect(".o_pager_value").toHaveText("2");
    expect(".o_notification").toHaveCount(0);
});

test("another button stays", async () => {
    Refusal._records[0].state = "reviewed";
    await openRefusal(1);
    await contains("button[name=action_reset]").click();
    await animationFrame();
    expect(NAME).toHaveValue("Alpha");
});

test("the last one says that the list is done", async () => {
    await openRefusal(3);
    await contains("button[name=action_rule_market]").click();
    await animationFrame();
    expect(NAME).toHaveValue("Gamma");
    expect(".o_notification").toHaveText(/This was the last refusal of the list/);
});

test("a coaching note that is written brings the next refusal, one that is not stays", async () => {
    await openRefusal(1);
    await contains("button[name=action_rule_work_gap]").click();
    await contains(".modal button:contains(Cancel)").click();
    await animationFrame();
    expect(".modal").toHaveCount(0);
    expect(NAME).toHaveValue("Alpha");
    await contains("button[name=action_rule_work_gap]").click();
    expect(".modal").toHaveCount(1);
    await contains(".modal button[name=action_coach]").click();
    await animationFrame();
    expect(".modal").toHaveCount(0);
    expect(stateOf(1)).toBe("reviewed");
    expect(NAME).toHaveValue("Beta");
});

test("a ruling that fails stays", async () => {
    expect.errors(1);
    onRpc("crm.lead.refusal", "action_rule_market", () => {
        throw new Error("No ruling without a cause");
    });
    await openRefusal(1);
    await contains("button[name=action_rule_market]").click();
    await animationFrame();
    expect(NAME).toHaveValue("Alpha");
    expect.verifyErrors([/No ruling without a cause|RPC_ERROR/]);
});
