using Fovea.Models.Graphs;

namespace Fovea.Models.Tests.Autodiff;

/// <summary>One use of an operator whose gradient is checked.</summary>
/// <param name="Inputs">The shapes of the inputs.</param>
/// <param name="Function">Adds the operator and returns its output.</param>
/// <param name="Low">The smallest number among the inputs.</param>
/// <param name="High">The largest number among the inputs.</param>
/// <param name="Constant">The inputs that have no gradient.</param>
internal sealed record GradientCase(
    Shape[] Inputs, Func<Graph, Value[], Value> Function, float Low = -1, float High = 1, int[]? Constant = null);
