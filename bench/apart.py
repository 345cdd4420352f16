"""Work done in a process of its own, whose processor time and memory can be told from ours."""

import os
import traceback
from ast import literal_eval

import odoo


def apart(work, *arguments):
    """Do ``work`` in a forked process.

    :param work: called with ``arguments``; what it returns must be written in Python literals
    :return: what ``work`` returned; None where the process did not come through
    """
    odoo.sql_db.close_all()
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        try:
            os.write(writer, repr(work(*arguments)).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return literal_eval(answer) if answer else None
