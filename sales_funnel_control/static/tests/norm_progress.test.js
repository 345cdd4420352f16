import {beforeEach, expect, test} from "@odoo/hoot";
import {animationFrame} from "@odoo/hoot-mock";
import {
    contains,
    defineModels,
    fields,
    getService,
    models,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {session} from "@web/session";
import {WebClient} from "@web/webclient/webclient";

class ContactLog extends models.Model {
    _name = "crm.contact.log";

    result = fields.Char();
    _records = [{id: 1, result: "Agreed on a survey"}];
    _views = {
        "form,false": `<form><field name="result"/></form>`,
        "list,false": `<list><field name="result"/></list>`,
    };
}

defineModels([ContactLog]);
defineMailModels();

const MEETINGS = {
    kind: "meeting",
    label: "Meetings",
    figures: "4/12",
    done_text: "4 of 12",
    today: 1,
    today_text: "1 today",
    percent: 33.3,
    passed_percent: 47.5,
    state: "behind",
    state_text: "1 behind by now",
};
const CALLS = {
    ...MEETINGS,
    kind: "effective_call",
    label: "Effective Calls",
    figures: "40/40",
    done_text: "40 of 40",
    percent: 100,
    state: "reached",
    state_text: "Norm reached",
};
let progress = {};

beforeEach(() => {
    progress = {
        label: "Meetings",
        figures: "4/12",
        state: "behind",
        lines: [MEETINGS, CALLS],
        days_text: "4 of 5 working days",
        purpose: "<p>We <b>open</b> doors</p>",
    };
    patchWithCleanup(session, {has_contact_norm: true});
    onRpc("crm.contact.norm", "get_progress", ({args}) => {
        expect.step("get_progress");
        expect(args).toEqual([]);
        return progress;
    });
});

test("the figures stand in the systray, the rest in the dropdown", async () => {
    await mountWithCleanup(WebClient);
    await animationFrame();
    expect.verifySteps(["get_progress"]);
    expect(".o_norm_progress").toHaveText("Meetings\n4/12");
    expect(".o_norm_progress .text-bg-warning").toHaveText("4/12");
    await contains(".o_norm_progress").click();
    expect.verifySteps(["get_progress"]);
    expect(".o_norm_progress_menu [data-kind]").toHaveCount(2);
    expect(".o_norm_progress_menu").toHaveText(/4 of 5 working days/);
    const meetings = ".o_norm_progress_menu [data-kind=meeting]";
    expect(meetings).toHaveText(/1 today\n?\s*4 of 12/);
    expect(meetings).toHaveText(/1 behind by now/);
    expect(`${meetings} .o_norm_behind .o_norm_done`).toHaveStyle("width: 33.3%", {inline: true});
    expect(`${meetings} .o_norm_passed`).toHaveCount(1);
    expect(".o_norm_progress_menu [data-kind=effective_call] .o_norm_reached").toHaveCount(1);
});

test("the purpose is collapsed until it is asked for", async () => {
    await mountWithCleanup(WebClient);
    await contains(".o_norm_progress").click();
    expect(".o_norm_purpose_text").toHaveCount(0);
    await contains(".o_norm_purpose").click();
    expect(".o_norm_purpose_text b").toHaveText("open");
    progress = {...progress, purpose: ""};
    await contains(".o_norm_progress").click();
    await contains(".o_norm_progress").click();
    expect(".o_norm_purpose").toHaveCount(0);
    expect.verifySteps(["get_progress", "get_progress", "get_progress"]);
});

test("going about in the client fetches nothing, saving a contact does", async () => {
    await mountWithCleanup(WebClient);
    await animationFrame();
    expect.verifySteps(["get_progress"]);
    const open = (view, resId) =>
        getService("action").doAction({
            type: "ir.actions.act_window",
            res_model: "crm.contact.log",
            res_id: resId,
            views: [[false, view]],
        });
    await open("list");
    await open("form", 1);
    await animationFrame();
    expect.verifySteps([]);
    progress = {...progress, figures: "5/12", state: "on_track"};
    await contains(".o_field_widget[name=result] input").edit("Agreed on an offer");
    await contains(".o_form_button_save").click();
    await animationFrame();
    expect.verifySteps(["get_progress"]);
    expect(".o_norm_figures").toHaveText("5/12");
    expect(".o_norm_progress .badge").toHaveCount(0);
});

test("who owes nothing sees nothing, and nothing is fetched", async () => {
    patchWithCleanup(session, {has_contact_norm: false});
    await mountWithCleanup(WebClient);
    await animationFrame();
    expect(".o_norm_progress").toHaveCount(0);
    expect.verifySteps([]);
});

test("a norm that has gone since hides the figures", async () => {
    progress = {};
    await mountWithCleanup(WebClient);
    await animationFrame();
    expect(".o_norm_progress").toHaveCount(0);
    expect.verifySteps(["get_progress"]);
});
