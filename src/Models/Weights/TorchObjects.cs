using System.Collections.Frozen;
using System.Collections.Immutable;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Weights;

/// <summary>
/// Creates the objects of a pickle. A pickle can name any Python function for Python to call, which makes pickles unsafe. This class
/// supports only the names with which PyTorch describes tensors. It runs no Python code, and any other name is an error.
/// </summary>
/// <param name="limit">
/// The number of dictionary items that may be copied in total. A valid file never has more items than bytes.
/// </param>
internal sealed class TorchObjects(long limit)
{
    private const string
        OrderedDict = "collections.OrderedDict",
        RebuildTensor = "torch._utils._rebuild_tensor",
        RebuildTensor2 = "torch._utils._rebuild_tensor_v2",
        RebuildParameter = "torch._utils._rebuild_parameter";

    private const int MaxRank = 8;

    private static readonly FrozenDictionary<string, ElementType> StorageTypes = new Dictionary<string, ElementType>
    {
        ["torch.FloatStorage"] = ElementType.Float,
        ["torch.HalfStorage"] = ElementType.Float16,
        ["torch.BFloat16Storage"] = ElementType.BFloat16,
        ["torch.DoubleStorage"] = ElementType.Double,
        ["torch.LongStorage"] = ElementType.Int64,
        ["torch.IntStorage"] = ElementType.Int32,
        ["torch.ShortStorage"] = ElementType.Int16,
        ["torch.CharStorage"] = ElementType.Int8,
        ["torch.ByteStorage"] = ElementType.UInt8,
        ["torch.BoolStorage"] = ElementType.Bool,
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> Globals =
        [OrderedDict, RebuildTensor, RebuildTensor2, RebuildParameter, .. StorageTypes.Keys];

    private readonly Dictionary<string, TorchStorage> storages = [];
    private long copied;

    /// <summary>All storages to which the pickles referred so far, by their keys.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => storages;

    /// <summary>Computes the result of a Python function that <see cref="Named"/> allows.</summary>
    /// <exception cref="FoveaException">The number or the types of the arguments do not match the function.</exception>
    public object? Call(string function, object?[] arguments) => (function, arguments) switch
    {
        (OrderedDict, []) => new PickledDictionary(),
        (OrderedDict, [List<object?> pairs]) => FromPairs(pairs),
        (RebuildTensor, [TorchStorage storage, long offset, object?[] size, object?[] strides]) =>
            new TorchTensor(storage, offset, Longs(size), Longs(strides)),
        (RebuildTensor2, [TorchStorage storage, long offset, object?[] size, object?[] strides, ..]) =>
            new TorchTensor(storage, offset, Longs(size), Longs(strides)),
        (RebuildParameter, [TorchTensor tensor, ..]) => tensor,
        _ => throw Unpickler.Bad($"it calls {function} with {arguments.Length} arguments that the function does not take"),
    };

    /// <summary>
    /// The storage that a persistent id describes: the tuple ('storage', type, key, location, number of elements). In files of old PyTorch
    /// versions, a sixth element, null, may follow; it once described views.
    /// </summary>
    /// <exception cref="FoveaException">The id has another form, or an earlier id gave the storage another type or size.</exception>
    public TorchStorage Persistent(object?[] id)
    {
        if (id is not ["storage", PickledName { Name: var name }, string key, _, long count, .. [] or [null]]
            || !StorageTypes.TryGetValue(name, out var type)
            || count < 0)
        {
            throw Unpickler.Bad("it refers to an external object that is not a storage of numbers");
        }

        var storage = new TorchStorage(type, key, count);
        return storages.TryAdd(key, storage) || storages[key] == storage
            ? storage
            : throw Unpickler.Bad($"it gives the storage {Shortened(key)} two types or sizes");
    }

    /// <summary>Returns the name of a Python class or function, if PyTorch uses it to describe tensors.</summary>
    /// <exception cref="FoveaException">PyTorch does not use this class or function to describe tensors.</exception>
    public static PickledName Named(string module, string name)
    {
        var full = $"{module}.{name}";
        return Globals.Contains(full) ? new PickledName(full) : throw Unpickler.Bad(
            $"it names {Shortened(full)}, which is not needed to describe tensors and is not run; "
            + "expected a state dict (torch.save(model.state_dict(), file))");
    }

    // Python 2 wrote the items of an OrderedDict as a list of pairs.
    private PickledDictionary FromPairs(List<object?> pairs)
    {
        // A pickle can refer to one list many times. Without a limit, a small file could fill the memory with copies of it.
        copied += pairs.Count;
        if (copied > limit)
        {
            throw Unpickler.Bad($"it copies more than {limit} items of lists; expected each list to be copied once");
        }

        return [.. pairs.Select(pair => pair switch
        {
            object?[] and [var key, var value] => (key, value),
            List<object?> and [var key, var value] => (key, value),
            _ => throw Unpickler.Bad("an item of an OrderedDict is not a pair"),
        })];
    }

    private static ImmutableArray<long> Longs(object?[] values) => values.Length > MaxRank
        ? throw Unpickler.Bad($"a tensor has {values.Length} axes; expected at most {MaxRank}")
        : [.. values.Select(value => value is long number
            ? number
            : throw Unpickler.Bad("a size or stride of a tensor is not an integer"))];

    // A text from the file may be long, so messages show at most 100 characters of it.
    private static string Shortened(string text) => text.Length <= 100 ? text : $"{text[..100]}...";
}
