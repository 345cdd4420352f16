import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** Starts on the list of special programs, with one that is to be launched. */
tours.add("sales_funnel_control.program", {
    steps: () => [
        {
            content: "Open the program",
            trigger: ".o_data_row:contains(Tour Seminar) .o_data_cell[name=title]",
            run: "click",
        },
        {
            content: "So many clients fit",
            trigger: ".o_field_widget[name=chosen_count]:contains(2)",
        },
        {
            content: "Launch it",
            trigger: "button[name=action_launch]",
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "It was given to everybody; see who got it",
            trigger: "button[name=action_open_members]:contains(2)",
            run: "click",
        },
        {
            content: "One of them came",
            trigger: ".o_data_row:contains(Tourclient 1) button[name=action_came]",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Tourclient 1) [name=state]:contains(Came)",
        },
    ],
});

/** Starts on the list of complaints, with one that is open. */
tours.add("sales_funnel_control.complaint", {
    steps: () => [
        {
            content: "Open the complaint",
            trigger: ".o_data_row:contains(Tour Complaint) .o_data_cell[name=name]",
            run: "click",
        },
        {
            trigger: "button[name=action_work]",
            run: "click",
        },
        {
            content: "It cannot be closed as it is",
            trigger: "button[name=action_solved]",
            run: "click",
        },
        {
            trigger: ".modal:contains(Write down what was done) .modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) [name=done_text] textarea",
            run: "edit The lost box was sent on",
        },
        {
            trigger: "button[name=action_solved]",
            run: "click",
        },
        {
            content: "It is closed",
            trigger: "button[name=action_reopen]",
        },
    ],
});
