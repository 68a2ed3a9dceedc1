namespace Fovea.Models;

/// <summary>One edge of a graph: an input, a weight, or what a node computes. Every value is written once.</summary>
public sealed class Value
{
    internal Value(Graph graph, string name, ElementType type, Shape shape) => (Graph, Name, Type, Shape) = (graph, name, type, shape);

    /// <summary>The graph that the value belongs to.</summary>
    public Graph Graph { get; }

    /// <summary>Its name, unique in the graph.</summary>
    public string Name { get; }

    /// <summary>The type of its elements.</summary>
    public ElementType Type { get; internal set; }

    /// <summary>Its shape, inferred; free or unknown where it depends on the input. Behind a foreign operator, what its file declares.</summary>
    public Shape Shape { get; internal set; }

    /// <summary>Its elements as far as they are known, for a small tensor that is computed from shapes; see <see cref="PartialValues"/>.</summary>
    internal long?[]? Elements { get; set; }

    /// <summary>The node that computes it; null for inputs and initializers.</summary>
    public Node? Producer { get; internal set; }

    /// <summary>What it always holds, where it is an initializer or a Constant node computes it; otherwise null.</summary>
    public Tensor? Constant => PartialValues.TensorOf(this);

    /// <summary>Elementwise sum, broadcast as in NumPy.</summary>
    public static Value operator +(Value a, Value b) => a.Graph.Apply("Add", [a, b]);

    /// <summary>Elementwise difference, broadcast as in NumPy.</summary>
    public static Value operator -(Value a, Value b) => a.Graph.Apply("Sub", [a, b]);

    /// <summary>Elementwise product, broadcast as in NumPy.</summary>
    public static Value operator *(Value a, Value b) => a.Graph.Apply("Mul", [a, b]);

    /// <summary>Elementwise quotient, broadcast as in NumPy.</summary>
    public static Value operator /(Value a, Value b) => a.Graph.Apply("Div", [a, b]);

    /// <summary>The value times a constant.</summary>
    public static Value operator *(Value a, float b) => a * a.Graph.Scalar(b);

    /// <summary>The value plus a constant.</summary>
    public static Value operator +(Value a, float b) => a + a.Graph.Scalar(b);

    /// <summary>The value with its sign turned round.</summary>
    public static Value operator -(Value a) => a.Graph.Apply("Neg", [a]);

    /// <summary>For example <c>conv1 Float[N, 6, 24, 24]</c>.</summary>
    public override string ToString() => $"{Name} {Type}{Shape}";
}
