using Fovea.Models;

namespace Fovea.Training.Tests;

public class OptimizerTests
{
    // Parameters enough for several pieces, the last of them smaller.
    private const int Length = 2_500_003;

    public static TheoryData<string> Names => new(Optimizer.All.Select(o => o.Name));

    [Theory, MemberData(nameof(Names))]
    public void Steps_in_place_equal_the_formula_in_double_precision(string name)
    {
        var optimizer = Optimizer.Find(name);
        using FloatBuffer parameters = new(Length), gradients = new(Length);
        FloatBuffer[] states = [.. Enumerable.Range(0, optimizer.States).Select(_ => new FloatBuffer(Length))];
        var random = new SeededRandom(1);
        foreach (ref float p in parameters.Floats)
        {
            p = random.Uniform(-1, 1);
        }

        int[] watched = [0, 1, 77_777, 1 << 20, Length - 1];
        var expected = watched.Select(i => new Reference(name, parameters.Floats[i])).ToArray();
        using var update = new Update(optimizer, parameters, gradients, states);
        for (int step = 1; step <= 5; step++)
        {
            foreach (ref float g in gradients.Floats)
            {
                g = random.Uniform(-1, 1);
            }

            double rate = 0.1 / step;
            update.Run(step, rate);
            for (int i = 0; i < watched.Length; i++)
            {
                expected[i].Step(gradients.Floats[watched[i]], step, rate);
                Assert.Equal(expected[i].Parameter, parameters.Floats[watched[i]], 1e-5);
            }
        }

        Array.ForEach(states, state => ((IDisposable)state).Dispose());
    }

    [Theory]
    [InlineData(1, 0.25)]
    [InlineData(4, 1)]
    [InlineData(134, 0.0)]
    public void The_schedule_rises_then_falls_to_zero(long step, double expected) =>
        Assert.Equal(expected, CosineSchedule.Rate(1, step, 133), 1e-2);

    // The papers' formulas, one number at a time.
    private sealed class Reference(string name, double parameter)
    {
        private double m, v;

        public double Parameter { get; private set; } = parameter;

        public void Step(double g, int step, double rate)
        {
            if (name == "sgd")
            {
                m = 0.9 * m + g;
                Parameter -= rate * m;
                return;
            }

            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            double decay = name == "adamw" ? 0.01 : 0;
            Parameter -= rate * decay * Parameter + rate * (m / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v / (1 - Math.Pow(0.999, step))) + 1e-8);
        }
    }
}
