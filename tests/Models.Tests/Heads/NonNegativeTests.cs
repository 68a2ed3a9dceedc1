using Fovea.Models.Graphs;
using Fovea.Models.Heads;

namespace Fovea.Models.Tests.Heads;

/// <summary>Values that are never negative.</summary>
public sealed class NonNegativeTests
{
    [Fact]
    public void Value_that_is_many_times_an_input_is_looked_at_once()
    {
        var g = new Graph("doubled");
        var x = g.Input("x", ElementType.Float, new Shape(1, 4));
        var (any, positive) = (x, g.Apply("Relu", [x]));
        for (int i = 0; i < 30; i++)
        {
            (any, positive) = (g.Apply("Max", [any, any]), g.Apply("Sum", [.. Enumerable.Repeat(positive, 8)]));
        }

        Assert.False(NonNegative.Is(any));
        Assert.True(NonNegative.Is(positive));
    }
}
