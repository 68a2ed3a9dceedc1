using System.Numerics.Tensors;

namespace Fovea.Training.TransferLearning;

// With s = the last steps, y = the changes of the gradient over them, and rho = 1 / (s y), the direction -H g comes from two loops over the
// last steps: a_i = rho_i s_i q, q -= a_i y_i backwards; then r = (s y / y y) q, r += (a_i - rho_i y_i r) s_i forwards.

/// <summary>
/// L-BFGS (Nocedal, 1980): minimises a smooth convex function with its gradient. It keeps the last steps instead of a matrix, and halves a
/// step until the function falls enough (Armijo's rule).
/// </summary>
internal static class Lbfgs
{
    private const int Memory = 10, MaximumHalvings = 25;

    private const double SufficientDecrease = 1e-4;

    // The relative rounding error of the function, which is computed in floats: values this close may be in the wrong order.
    private const double Rounding = 5e-7;

    /// <summary>Computes a function's value at a point, and writes its gradient.</summary>
    public delegate double Function(float[] point, float[] gradient);

    /// <summary>
    /// Returns the point at which the function stops falling: an iteration lowers it by less than <paramref name="tolerance"/> of its
    /// value, twice in a row.
    /// </summary>
    /// <param name="function">The function, of positive values.</param>
    /// <param name="start">The point to start from; it is not changed.</param>
    /// <param name="tolerance">The relative change, for example 1e-5.</param>
    /// <param name="iterations">The largest number of iterations.</param>
    /// <param name="stop">Cancels the search.</param>
    public static float[] Minimize(Function function, float[] start, double tolerance, int iterations, CancellationToken stop)
    {
        var steps = new List<Step>();
        float[] x = [.. start], gradient = new float[x.Length], next = new float[x.Length], nextGradient = new float[x.Length];
        double value = function(x, gradient);
        for (int iteration = 0, flat = 0; iteration < iterations && flat < 2; iteration++)
        {
            stop.ThrowIfCancellationRequested();
            var direction = Direction(gradient, steps);
            double slope = TensorPrimitives.Dot<float>(direction, gradient);
            if (slope >= 0)
            {
                if (steps.Count == 0)
                {
                    return x;
                }

                steps.Clear();
                continue;
            }

            float length = steps.Count == 0 ? Math.Min(1, 1 / TensorPrimitives.Norm<float>(gradient)) : 1;
            if (Search(function, x, direction, (value, slope), length, next, nextGradient) is not { } lower)
            {
                return x;
            }

            Remember(steps, x, next, gradient, nextGradient);
            flat = value - lower < tolerance * Math.Abs(value) ? flat + 1 : 0;
            value = lower;
            ((x, next), (gradient, nextGradient)) = ((next, x), (nextGradient, gradient));
        }

        return x;
    }

    private static float[] Direction(float[] gradient, List<Step> steps)
    {
        float[] q = new float[gradient.Length];
        TensorPrimitives.Negate(gradient, q);
        var factors = new float[steps.Count];
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            factors[i] = steps[i].Rho * TensorPrimitives.Dot<float>(steps[i].S, q);
            TensorPrimitives.MultiplyAdd(steps[i].Y, -factors[i], q, q);
        }

        if (steps is [.., var last])
        {
            TensorPrimitives.Multiply(q, 1 / (last.Rho * TensorPrimitives.SumOfSquares<float>(last.Y)), q);
        }

        foreach (var (i, step) in steps.Index())
        {
            TensorPrimitives.MultiplyAdd(step.S, factors[i] - (step.Rho * TensorPrimitives.Dot<float>(step.Y, q)), q, q);
        }

        return q;
    }

    // Finds the next point and returns the function's value there; null if no step along the direction lowers the function, because the
    // precision of floats is reached.
    private static double? Search(
        Function function,
        float[] x,
        float[] direction,
        (double Value, double Slope) here,
        float length,
        float[] next,
        float[] nextGradient)
    {
        for (int halvings = 0; halvings <= MaximumHalvings; halvings++, length /= 2)
        {
            TensorPrimitives.MultiplyAdd(direction, length, x, next);
            double value = function(next, nextGradient);
            if (value <= here.Value + (SufficientDecrease * length * here.Slope) + (Rounding * Math.Abs(here.Value)))
            {
                return value;
            }
        }

        return null;
    }

    private static void Remember(List<Step> steps, float[] x, float[] next, float[] gradient, float[] nextGradient)
    {
        float[] s = new float[x.Length], y = new float[x.Length];
        TensorPrimitives.Subtract(next, x, s);
        TensorPrimitives.Subtract(nextGradient, gradient, y);
        float product = TensorPrimitives.Dot<float>(s, y);

        // Rounding can make the curvature of a very short step negative.
        if (product > 1e-10f * TensorPrimitives.SumOfSquares<float>(y))
        {
            steps.Add(new(s, y, 1 / product));
            if (steps.Count > Memory)
            {
                steps.RemoveAt(0);
            }
        }
    }

    private sealed record Step(float[] S, float[] Y, float Rho);
}
