using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

/// <summary>
/// A replacement for one or several operators that ONNX Runtime computes faster, or that a device needs. The outputs are the same up to
/// rounding.
/// </summary>
/// <param name="Name">The name of the rewrite. Stored speed measurements refer to it.</param>
/// <param name="Version">
/// The version of the rewrite, from 1. Raise it with each change of the emitted operators, so that older speed measurements are ignored.
/// </param>
/// <param name="Uses">The purposes and devices for which the rewrite is used.</param>
/// <param name="Suits">Decides whether a node may be rewritten, from its operator, shapes and attributes only.</param>
/// <param name="Emit">Adds the replacement to the rewritten graph.</param>
internal sealed record Rewrite(string Name, int Version, RewriteUses Uses, Func<Node, bool> Suits, RewriteRule Emit);

/// <summary>Adds the replacement of a node to the rewritten graph.</summary>
/// <param name="context">The state of the pass, with the rewritten graph.</param>
/// <param name="node">A node of the source graph.</param>
/// <param name="inputs">The node's inputs in the rewritten graph.</param>
/// <returns>A value for each output of the node; <c>null</c> if the unchanged node is as fast.</returns>
internal delegate IReadOnlyList<Value>? RewriteRule(RewriteContext context, Node node, Value?[] inputs);
