using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

/// <summary>
/// A form of one or several operators that ONNX Runtime computes faster, or that a device needs. The outputs are the same up to rounding.
/// </summary>
/// <param name="Name">The name, for keys of measurements.</param>
/// <param name="Version">
/// The version of the form, from 1. Raise it with each change of the form: measurements of older versions are then not used.
/// </param>
/// <param name="Uses">For what and on which device the form is used.</param>
/// <param name="Suits">Whether a node may be rewritten, by its operator, shapes and attributes alone.</param>
/// <param name="Emit">Adds the form.</param>
internal sealed record Rewrite(string Name, int Version, RewriteUses Uses, Func<Node, bool> Suits, RewriteRule Emit);

/// <summary>Adds another form of a node to the rewritten graph.</summary>
/// <param name="context">The graph that the form is added to.</param>
/// <param name="node">A node of the source graph.</param>
/// <param name="inputs">Its inputs in the rewritten graph.</param>
/// <returns>A value for each output of the node; <c>null</c> if the node's own form is as good.</returns>
internal delegate IReadOnlyList<Value>? RewriteRule(RewriteContext context, Node node, Value?[] inputs);
