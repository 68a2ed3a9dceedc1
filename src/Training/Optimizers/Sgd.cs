using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using Fovea.Models.Graphs;

namespace Fovea.Training.Optimizers;

// Stochastic gradient descent as PyTorch computes it: g = g + decay p;  u = momentum u + g;  p = p - rate u.
// With Nesterov's momentum: p = p - rate (g + momentum u).
internal sealed record Sgd(double Momentum, bool Nesterov, double WeightDecay) : Optimizer
{
    public override string Name => "sgd";

    public override double DefaultLearningRate => 1e-2;

    public override int States => Momentum == 0 ? 0 : 1;

    public override float[] Rates(long step, double learningRate) => [(float)learningRate];

    public override (Value Parameter, Value[] State) Emit(Graph g, Value parameter, Value gradient, Value[] state, Value[] rates)
    {
        gradient = WeightDecay == 0 ? gradient : gradient + parameter * (float)WeightDecay;
        if (Momentum == 0)
        {
            return (parameter - gradient * rates[0], []);
        }

        var u = state[0] * (float)Momentum + gradient;
        return (parameter - (Nesterov ? gradient + u * (float)Momentum : u) * rates[0], [u]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Apply(
        Span<Vector<float>> parameter, ReadOnlySpan<Vector<float>> gradient, Span<Vector<float>> first, Span<Vector<float>> second,
        ReadOnlySpan<float> rates)
    {
        float rate = rates[0], momentum = (float)Momentum, decay = (float)WeightDecay;
        for (int i = 0; i < parameter.Length; i++)
        {
            var g = decay == 0 ? gradient[i] : gradient[i] + (parameter[i] * decay);
            if (momentum != 0)
            {
                first[i] = (first[i] * momentum) + g;
                g = Nesterov ? g + (first[i] * momentum) : first[i];
            }

            parameter[i] -= g * rate;
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"sgd, {(Nesterov ? "Nesterov's " : "")}momentum {Momentum}, weight decay {WeightDecay}");
}
