#include "wire/op.h"

namespace burin::mapping {

bool As<wire::Op>::read(wire::Op& out, const json::value& v, Bad& bad) {
  return As<wire::op_detail::Union>::read(out, v, bad);
}
void As<wire::Op>::write(std::string& out, const wire::Op& value) { As<wire::op_detail::Union>::write(out, value); }

}  // namespace burin::mapping

namespace burin::wire {

Op::Op() = default;
Op::Op(const Op& other) = default;
Op::Op(Op&& other) noexcept = default;
Op& Op::operator=(const Op& other) = default;
Op& Op::operator=(Op&& other) noexcept = default;
Op::~Op() = default;

// Local: nobody else needs the table, and it would cost each reader of op.h the whole union.
BURIN_WIRE(Submission, id, op, trace)

Result<Op> read_op(const json::value& value) { return read_mapped<Op>(value); }
void write_op(std::string& out, const Op& op) { write_mapped(out, op); }
Result<Submission> read_submission(const json::value& value) { return read_mapped<Submission>(value); }
void write_submission(std::string& out, const Submission& submission) { write_mapped(out, submission); }
std::string_view op_type(const Op& op) { return tag_of(op); }

}  // namespace burin::wire
