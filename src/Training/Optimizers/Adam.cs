using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using Fovea.Models.Graphs;

namespace Fovea.Training.Optimizers;

// Adam (Kingma and Ba, 2015) as PyTorch computes it, with t the step's number:
//     g = g + decay p;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
//     p = p - rate / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps)
// AdamW (Loshchilov and Hutter, 2019) decouples the decay: g gets no decay term, and p = p (1 - rate decay) comes first.
internal sealed record Adam(string Algorithm, double WeightDecay, bool Decoupled) : Optimizer
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    public override string Name => Algorithm;

    public override double DefaultLearningRate => 1e-3;

    public override int States => 2;

    public override float[] Rates(long step, double learningRate) =>
    [
        (float)(learningRate / (1 - Math.Pow(Beta1, step))),
        (float)(1 / Math.Sqrt(1 - Math.Pow(Beta2, step))),
        (float)(1 - learningRate * WeightDecay),
    ];

    public override (Value Parameter, Value[] State) Emit(Graph g, Value parameter, Value gradient, Value[] state, Value[] rates)
    {
        gradient = Decoupled || WeightDecay == 0 ? gradient : gradient + parameter * (float)WeightDecay;
        var m = state[0] * (float)Beta1 + gradient * (float)(1 - Beta1);
        var v = state[1] * (float)Beta2 + gradient * gradient * (float)(1 - Beta2);
        var step = m * rates[0] / (g.Sqrt(v) * rates[1] + (float)Epsilon);
        return ((Decoupled && WeightDecay != 0 ? parameter * rates[2] : parameter) - step, [m, v]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Apply(
        Span<Vector<float>> parameter, ReadOnlySpan<Vector<float>> gradient, Span<Vector<float>> first, Span<Vector<float>> second,
        ReadOnlySpan<float> rates)
    {
        Vector<float> rate = new(rates[0]), correction = new(rates[1]), kept = new(rates[2]);
        bool addsDecay = !Decoupled && WeightDecay != 0, shrinks = Decoupled && WeightDecay != 0;
        for (int i = 0; i < parameter.Length; i++)
        {
            Vector<float> p = parameter[i], g = addsDecay ? gradient[i] + (p * (float)WeightDecay) : gradient[i];
            var m = (first[i] * (float)Beta1) + (g * (float)(1 - Beta1));
            var v = (second[i] * (float)Beta2) + (g * g * (float)(1 - Beta2));
            var step = m * rate / ((Vector.SquareRoot(v) * correction) + new Vector<float>((float)Epsilon));
            (first[i], second[i], parameter[i]) = (m, v, (shrinks ? p * kept : p) - step);
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}, weight decay {WeightDecay}");
}
