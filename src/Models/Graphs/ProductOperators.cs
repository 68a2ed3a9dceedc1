using static Fovea.Models.Graphs.CommonGradients;
using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>The rows of the operator table for matrix products.</summary>
internal static class ProductOperators
{
    public static readonly Operator[] Rows =
    [
        new("Gemm", ShapeRules.Gemm, Gemm)
        {
            LayerName = "Dense",
            Kind = LayerKind.Dense,
            Traits = Traits.Weighted,
            Footprint = Footprint.Product,
            Attributes = [("alpha", 1f), ("beta", 1f), ("transA", 0L), ("transB", 0L)],

            // Each row of A belongs to one image and uses each element of B[K, N] once.
            MultiplyAdds = node => node[1].Shape.KnownSize(),
            OtherForms = [Before(7, (c, node, x) => c.Add(node, x, without: ["broadcast"]))],
        },
        new("MatMul", ShapeRules.MatMul, MatMulRule.Gradient)
        {
            WeightedName = "Dense",
            Kind = LayerKind.Dense,
            Traits = Traits.Weighted,
            Footprint = Footprint.Product,

            // Each element of Y = A B, Y[.., N], needs K products, where K is the number of rows of B.
            MultiplyAdds = node =>
                node.Output.Shape.KnownSize(from: 1) * (node[1].Shape.Rank > 1 ? new Shape(node[1].Shape[-2]).KnownSize() : null),
        },

        // Operators with neither a shape rule nor a gradient rule
        .. Operator.WithoutRules("Einsum"),
    ];

    // Y = alpha A' B' + beta C. A' is A, transposed if transA is 1; B' is B, transposed if transB is 1.
    // dA' = alpha dY B'^T, dB' = alpha A'^T dY, dC = beta dY.
    private static Value?[] Gemm(Graph g, Node y, Value dY)
    {
        bool transA = y.Int("transA") != 0, transB = y.Int("transB") != 0;
        float alpha = y.Float("alpha", 1), beta = y.Float("beta", 1);
        Value a = y[0], b = y[1];
        var dA = transA ? g.Gemm(b, dY, transA: transB, transB: true) : g.Gemm(dY, b, transB: !transB);
        var dB = transB ? g.Gemm(dY, a, transA: true, transB: transA) : g.Gemm(a, dY, transA: !transA);
        return [Scaled(dA, alpha), Scaled(dB, alpha), .. y.Inputs.Skip(2).Select(_ => Scaled(dY, beta))];
    }
}
