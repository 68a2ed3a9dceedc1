namespace Fovea.Models.Graphs;

/// <summary>A value in a graph: an input of the graph, a weight or other constant, or an output of a node.</summary>
public sealed class Value
{
    internal Value(Graph graph, string name, ElementType type, Shape shape) => (Graph, Name, Type, Shape) = (graph, name, type, shape);

    /// <summary>The graph that the value belongs to.</summary>
    public Graph Graph { get; }

    /// <summary>The value's name, unique in the graph.</summary>
    public string Name { get; internal set; }

    /// <summary>The type of the value's elements.</summary>
    public ElementType Type { get; internal set; }

    /// <summary>
    /// The inferred shape. A dimension that depends on the input is <see cref="Shape.Free"/>. If the shape cannot be inferred, for example
    /// after an operator without a shape rule, it is the shape that the model file declares, or else <see cref="Shape.Unknown"/>.
    /// </summary>
    public Shape Shape { get; internal set; }

    /// <summary>
    /// The elements of a small integer tensor that is computed from shapes, row-major; see <see cref="PartialValues"/>. <c>null</c> in the
    /// array is an unknown element; the array itself is <c>null</c> if no element is known.
    /// </summary>
    internal long?[]? Elements { get; set; }

    /// <summary>The node that computes the value; <c>null</c> for inputs and initializers.</summary>
    public Node? Producer { get; internal set; }

    /// <summary>The tensor of an initializer or of a Constant node's output; <c>null</c> for every other value.</summary>
    public Tensor? Constant => PartialValues.TensorOf(this);

    /// <summary>Elementwise sum, broadcast as in NumPy.</summary>
    public static Value operator +(Value a, Value b) => a.Graph.Apply("Add", [a, b]);

    /// <summary>Elementwise difference, broadcast as in NumPy.</summary>
    public static Value operator -(Value a, Value b) => a.Graph.Apply("Sub", [a, b]);

    /// <summary>Elementwise product, broadcast as in NumPy.</summary>
    public static Value operator *(Value a, Value b) => a.Graph.Apply("Mul", [a, b]);

    /// <summary>Elementwise quotient, broadcast as in NumPy.</summary>
    public static Value operator /(Value a, Value b) => a.Graph.Apply("Div", [a, b]);

    /// <summary>Elementwise product of a value and a number.</summary>
    public static Value operator *(Value a, float b) => a * a.Graph.Scalar(b);

    /// <summary>Elementwise sum of a value and a number.</summary>
    public static Value operator +(Value a, float b) => a + a.Graph.Scalar(b);

    /// <summary>Elementwise negation.</summary>
    public static Value operator -(Value a) => a.Graph.Apply("Neg", [a]);

    /// <summary>Name, element type and shape, for example <c>conv1 Float[N, 6, 24, 24]</c>.</summary>
    public override string ToString() => $"{Name} {Type}{Shape}";
}
