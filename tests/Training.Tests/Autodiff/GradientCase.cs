using Fovea.Models;

namespace Fovea.Training.Tests;

/// <summary>One use of an operator whose gradient is checked.</summary>
/// <param name="Inputs">The shapes of the inputs, all of which are differentiated with respect to.</param>
/// <param name="Function">Adds the operator and gives its output.</param>
/// <param name="Low">The smallest number among the inputs.</param>
/// <param name="High">The largest.</param>
internal sealed record GradientCase(Shape[] Inputs, Func<Graph, Value[], Value> Function, float Low = -1, float High = 1);
