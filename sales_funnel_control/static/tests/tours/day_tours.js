import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** Nothing of the page lies beyond the edge of the screen. */
function checkWidth() {
    const {scrollWidth, clientWidth} = document.documentElement;
    if (scrollWidth > clientWidth) {
        throw new Error(`The page is ${scrollWidth - clientWidth} px too wide.`);
    }
}

function goTo(content, path, trigger) {
    return [
        {
            content,
            trigger: "body",
            run: () => browser.location.assign(path),
            expectUnloadPage: true,
        },
        {
            trigger,
            run: checkWidth,
        },
    ];
}

function say(text) {
    return {
        content: "Say in one sentence what came out of it",
        trigger: ".modal [name=result] input",
        run: `edit ${text}`,
    };
}

function press(name) {
    return [
        {
            trigger: `.modal button[name=${name}]:enabled`,
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ];
}

const card = (name) => `.o_kanban_record:contains(${name})`;
const pipeline = "/odoo/action-crm.crm_lead_action_pipeline?view_type=kanban";

/** Calls, a meeting, a deal that goes on: what is done counts at once. */
tours.add("sales_funnel_control.hunter_day", {
    steps: () => [
        {
            content: "The week begins",
            trigger: ".o_norm_progress:contains(0/12)",
            run: checkWidth,
        },
        {
            content: "The meeting of the morning took place",
            trigger: `${card("Anna Petrova")}, .o_data_row:contains(Anna Petrova) button[name=action_open_entry]`,
            run: "click",
        },
        {
            trigger: ".modal .o_selection_badge.active:contains(Meeting)",
        },
        say("Walked through the warehouse"),
        ...press("action_confirm"),
        ...goTo(
            "Then the calls",
            "/odoo/action-sales_funnel_control.crm_contact_batch_server_action_today",
            ".o_form_view h1:contains(Day Call)"
        ),
        {
            trigger: ".o_form_view [name=result] input",
            run: "edit Wants a price list",
        },
        {
            trigger: "button[name=action_save_next]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(last client: 1 logged)",
        },
        ...goTo("On to the pipeline", pipeline, card("Day Deal")),
        {
            content: "Log a call from the card",
            trigger: `${card("Day Deal")} .o_log_contact`,
            run: "click",
        },
        {
            content: "The person who decides is there already",
            trigger: ".modal [name=contact_id] input:value(Anna Petrova)",
        },
        say("Agreed to a presentation"),
        ...press("action_save"),
        {
            content: "Open the deal",
            trigger: `${card("Day Deal")} .fw-bold`,
            run: "click",
        },
        {
            isActive: ["mobile"],
            trigger: ".o_statusbar_status button.dropdown-toggle:not(.d-none):visible",
            run: "click",
        },
        {
            content: "It goes on to the next stage",
            trigger:
                ".o_statusbar_status button:contains(Acquaintance), .o-dropdown-item:contains(Acquaintance)",
            run: "click",
        },
        {
            content: "Something is still to be known",
            trigger: '.modal .o_property_field:contains("Phone") input',
            run: "edit +7 812 555-00-00 && click .modal [name=message]",
        },
        ...press("action_save_and_move"),
        {
            trigger:
                "body:has(.o_arrow_button_current:contains(Acquaintance)), body:has(.o_statusbar_status:contains(Acquaintance))",
            run: checkWidth,
        },
        ...goTo("What has it come to?", "/odoo/contacts-logged", ".o_norm_progress:contains(1/12)"),
        {
            trigger: `${card("Held Meeting")}, .o_data_row:contains(Held Meeting)`,
        },
        {
            trigger: `${card("Effective Call")}, .o_data_row:contains(Effective Call)`,
        },
    ],
});

/** A request, an existing client, a visit. */
tours.add("sales_funnel_control.farmer_day", {
    steps: () => [
        {
            content: "A client has asked, and nobody has answered",
            trigger: `${card("Day Request")}, .o_data_row:contains(Day Request)`,
            run: checkWidth,
        },
        {
            content: "Take it",
            trigger: `${card("Day Request")} button[name=action_take_request], .o_data_row:contains(Day Request) button[name=action_take_request]`,
            run: "click",
        },
        {
            trigger: `${card("Day Request")}:not(:has(button[name=action_take_request])), .o_data_row:contains(Day Request):not(:has(button[name=action_take_request]))`,
        },
        ...goTo("On to the clients", pipeline, card("Day Client")),
        {
            content: "Log the visit",
            trigger: `${card("Day Client")} .o_log_contact`,
            run: "click",
        },
        {
            trigger: ".modal .o_selection_badge:contains(Visit)",
            run: "click",
        },
        say("Looked at the new line together"),
        {
            content: "Plan what comes next",
            trigger: ".modal [name=next_step_type_id] .o_selection_badge:contains(Call)",
            run: "click",
        },
        ...press("action_save"),
        {
            content: "And a call",
            trigger: `${card("Day Client")} .o_log_contact`,
            run: "click",
        },
        {
            trigger: ".modal .o_selection_badge:contains(Warm Contact)",
            run: "click",
        },
        say("The delivery was fine"),
        ...press("action_save"),
        ...goTo("What has it come to?", "/odoo/contacts-logged", ".o_norm_progress:contains(1/8)"),
        {
            trigger: `${card("Visit")}, .o_data_row:contains(Visit)`,
        },
        {
            trigger: `${card("Warm Contact")}, .o_data_row:contains(Warm Contact)`,
        },
        ...goTo("And the week", "/odoo/timetable", ".o_timetable_week, .o_timetable"),
    ],
});
