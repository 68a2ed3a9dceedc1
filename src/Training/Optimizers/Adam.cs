using Fovea.Models;

namespace Fovea.Training;

// Kingma and Ba (2015); with weight decay, AdamW of Loshchilov and Hutter (2019).
// m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p = p (1 - rate decay) - rate / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps)
internal sealed class Adam(string name, float weightDecay) : Optimizer
{
    private const float Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f;

    public override string Name => name;

    public override double DefaultLearningRate => 1e-3;

    public override int States => 2;

    public override float[] Rates(long step, double learningRate) =>
    [
        (float)(learningRate / (1 - Math.Pow(Beta1, step))),
        (float)(1 / (1 - Math.Pow(Beta2, step))),
        (float)(1 - learningRate * weightDecay),
    ];

    public override (Value Parameter, Value[] State) Emit(Graph g, Value parameter, Value gradient, Value[] state, Value[] rates)
    {
        var m = state[0] * Beta1 + gradient * (1 - Beta1);
        var v = state[1] * Beta2 + gradient * gradient * (1 - Beta2);
        var step = m * rates[0] / (g.Sqrt(v * rates[1]) + Epsilon);
        return ((weightDecay == 0 ? parameter : parameter * rates[2]) - step, [m, v]);
    }
}
